/** Owns the decoding of one request by its contract: strict, bounded, and with a reason when it is refused. */
import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Clock } from "#ports/clock.ts";
import type { OperationContract } from "./contract.ts";
import { JSON_BODY_BYTES_MAX, WAYBILL_FILE_BYTES_MAX } from "./limits.ts";
import { readJson, readWhole, watchedForStall } from "./read-body.ts";

export interface DecodedRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

export interface RequestRefusal {
  readonly status: number;
  readonly problem: Problem;
}

function invalid(cause: string): Result<never, RequestRefusal> {
  return fail({
    status: 400,
    problem: problem("invalid-request", cause, "Mend the request; its form is in /api/v1/openapi.json."),
  });
}

/** The value as the schema has it, or the first thing wrong with it. Never repeats the value itself. */
function checked(schema: z.ZodObject, value: unknown, place: string): Result<unknown, RequestRefusal> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0];
  const at =
    issue === undefined || issue.path.length === 0 ? place : `${place}, field ${issue.path.join(".")}`;
  return invalid(`In the ${at}: ${issue?.message ?? "not as expected"}.`);
}

/** Query fields by name; `null` when one comes twice, since it would not be clear which is meant. */
function queryOf(url: string): Record<string, string> | null {
  const fields = [...new URL(url).searchParams];
  const names = new Set(fields.map(([name]) => name));
  return names.size === fields.length ? Object.fromEntries(fields) : null;
}

export async function decodeRequest(
  entry: OperationContract,
  context: Context,
  clock: Clock,
): Promise<Result<DecodedRequest, RequestRefusal>> {
  const params = checked(entry.params, context.req.param(), "path");
  if (!params.ok) return params;
  const fields = queryOf(context.req.url);
  if (fields === null) return invalid("In the query: a field comes twice.");
  const query = checked(entry.query, fields, "query");
  if (!query.ok) return query;
  const body = await decodeBody(entry, context.req.raw, clock);
  if (!body.ok) return body;
  return ok({ params: params.value, query: query.value, body: body.value });
}

async function decodeBody(
  entry: OperationContract,
  request: Request,
  clock: Clock,
): Promise<Result<unknown, RequestRefusal>> {
  switch (entry.body) {
    case "stream":
      return ok(watchedForStall(request.body, clock));
    case "bytes":
      return await readWhole(request.body, WAYBILL_FILE_BYTES_MAX, clock);
    case "none": {
      const bytes = await readWhole(request.body, JSON_BODY_BYTES_MAX, clock);
      if (!bytes.ok) return bytes;
      return bytes.value.length === 0 ? ok() : invalid("This operation takes no body.");
    }
    default: {
      const json = await readJson(request, JSON_BODY_BYTES_MAX, clock);
      return json.ok ? checked(entry.body, json.value, "body") : json;
    }
  }
}
