/** Owns the OpenAPI document of the API, made from the contract and the table of routes. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { contract, type OperationContract } from "./contract.ts";
import { API_BASE, EVENT_ID_HEADER, type Operation, routes } from "./routes.ts";
import { errorView, eventView } from "./views.ts";

type Responses = Parameters<typeof createRoute>[0]["responses"];

const ERRORS: Readonly<Record<string, string>> = {
  400: "The request is malformed.",
  401: "The token is missing or wrong.",
  403: "The request comes from another site, or is not allowed.",
  404: "There is no such thing.",
  408: "The body came too slowly.",
  409: "It is not in a state for that.",
  413: "The body is too large.",
  415: "The body is not of the right media type.",
  421: "The request names another host.",
  422: "It was refused; the code says why.",
  500: "A fault of Waybill itself.",
  503: "Too many at once, or closing.",
};

const bytesSchema = z.string().openapi({ format: "binary" });

function answersOf(entry: OperationContract): Responses {
  const error = { "application/json": { schema: errorView } };
  const refusals = Object.fromEntries(
    Object.entries(ERRORS).map(([status, description]) => [status, { description, content: error }]),
  );
  const { answer } = entry;
  if (answer === "none") return { 204: { description: "Done." }, ...refusals };
  const content =
    answer === "file"
      ? { "application/octet-stream": { schema: bytesSchema } }
      : answer === "events"
        ? { "text/event-stream": { schema: eventView } }
        : { "application/json": { schema: answer } };
  const headers =
    answer === "file" || answer === "events"
      ? {}
      : {
          headers: {
            [EVENT_ID_HEADER]: {
              description: "The place in the event stream that this answer holds at least.",
              schema: { type: "string" as const },
            },
          },
        };
  return { 200: { description: entry.summary, content, ...headers }, ...refusals };
}

function bodyOf(entry: OperationContract) {
  if (entry.body === "none") return {};
  if (entry.body === "bytes" || entry.body === "stream") {
    return { body: { required: true, content: { "application/octet-stream": { schema: bytesSchema } } } };
  }
  return { body: { required: true, content: { "application/json": { schema: entry.body } } } };
}

/** Writes every operation into the registry of `app`, from which the document is made. */
export function describeOperations(app: OpenAPIHono): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
  const entries = Object.entries(contract) as readonly [Operation, OperationContract][];
  for (const [operation, entry] of entries) {
    const { method, path } = routes[operation];
    const route = createRoute({
      method,
      path: API_BASE + path,
      operationId: operation,
      summary: entry.summary,
      security: entry.open === true ? [] : [{ token: [] }],
      request: { params: entry.params, query: entry.query, ...bodyOf(entry) },
      responses: answersOf(entry),
    });
    app.openAPIRegistry.registerPath(route);
  }
}

export function openApiDocument(app: OpenAPIHono, version: string): object {
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Waybill",
      version,
      description:
        "The interface of one running peer, for its own user. On loopback, with the token from api.json. Amounts " +
        "are integers in the smallest unit; times are milliseconds since the Unix epoch; sizes are bytes.",
    },
  });
}
