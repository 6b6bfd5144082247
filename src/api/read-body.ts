/**
 * Owns how request bodies come in: whole within a size and a time, as strict JSON, or as a stream that may take
 * long but not stand still. Does not know what they mean.
 */
import { concat, fromUtf8 } from "#base/bytes.ts";
import { repeatedKey } from "#base/repeated-key.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Clock } from "#ports/clock.ts";
import { BODY_TIMEOUT_MS, UPLOAD_STALL_TIMEOUT_MS } from "./limits.ts";

export interface BodyRefusal {
  readonly status: 400 | 408 | 413 | 415;
  readonly problem: Problem;
}

/** Of a key of theirs, in words of ours. */
const KEY_CHARS_SHOWN = 40;

type Body = ReadableStream<Uint8Array> | null;

const SLOW: BodyRefusal = {
  status: 408,
  problem: problem(
    "body-too-slow",
    "The body of the request did not arrive in time.",
    "Send the request again.",
  ),
};

function tooLarge(bytesMax: number): Result<never, BodyRefusal> {
  const cause = `The body of the request is larger than ${bytesMax} bytes.`;
  return fail({ status: 413, problem: problem("body-too-large", cause, "Send less in one request.") });
}

/** All bytes of `body`, unless they are more than `bytesMax` or take longer than `BODY_TIMEOUT_MS`. */
export async function readWhole(
  body: Body,
  bytesMax: number,
  clock: Clock,
): Promise<Result<Uint8Array<ArrayBuffer>, BodyRefusal>> {
  if (body === null) return ok(new Uint8Array());
  const reader = body.getReader();
  const late = Promise.withResolvers<null>();
  const timer = clock.after(BODY_TIMEOUT_MS, () => late.resolve(null));
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const piece = await Promise.race([reader.read(), late.promise]);
      if (piece === null) return fail(SLOW);
      if (piece.done) return ok(new Uint8Array(concat(...parts)));
      bytes += piece.value.length;
      if (bytes > bytesMax) return tooLarge(bytesMax);
      parts.push(piece.value);
    }
  } catch {
    return fail(brokenOff());
  } finally {
    timer.cancel();
    // What is left unread is of no use; the connection is closed after the answer.
    void reader.cancel().catch(() => undefined);
  }
}

function brokenOff(): BodyRefusal {
  return {
    status: 400,
    problem: problem("body-broken-off", "The request ended in the middle of its body.", "Send it again."),
  };
}

/** Which of the two was meant, of an amount for one, is not ours to guess. */
function namedTwice(key: string): BodyRefusal {
  const cause = `The body names ${JSON.stringify(key.slice(0, KEY_CHARS_SHOWN))} twice.`;
  return { status: 400, problem: problem("malformed-json", cause, "Name it once and send it again.") };
}

/** The JSON value of a body; refuses other media types, broken UTF-8, broken JSON, and a field named twice. */
export async function readJson(
  request: Request,
  bytesMax: number,
  clock: Clock,
): Promise<Result<unknown, BodyRefusal>> {
  const mediaType = (request.headers.get("Content-Type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (mediaType !== "application/json") {
    const cause = "The body must be JSON, with the header Content-Type: application/json.";
    return fail({ status: 415, problem: problem("not-json", cause, "Send a JSON object with that header.") });
  }
  const bytes = await readWhole(request.body, bytesMax, clock);
  if (!bytes.ok) return bytes;
  const text = fromUtf8(bytes.value);
  try {
    if (text !== null) {
      const value: unknown = JSON.parse(text);
      const repeated = repeatedKey(text);
      return repeated === null ? ok(value) : fail(namedTwice(repeated));
    }
  } catch {
    // Worded below, together with text that is not UTF-8.
  }
  const cause = "The body is not well-formed JSON in UTF-8.";
  return fail({ status: 400, problem: problem("malformed-json", cause, "Mend the JSON and send it again.") });
}

/** The same bytes; fails when none came for `UPLOAD_STALL_TIMEOUT_MS`. */
export function watchedForStall(body: Body, clock: Clock): ReadableStream<Uint8Array> {
  if (body === null) return new Blob([]).stream();
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const late = Promise.withResolvers<null>();
        const timer = clock.after(UPLOAD_STALL_TIMEOUT_MS, () => late.resolve(null));
        try {
          const piece = await Promise.race([reader.read(), late.promise]);
          if (piece === null) throw new Error("the upload stood still for too long");
          if (piece.done) controller.close();
          else controller.enqueue(piece.value);
        } catch (error) {
          void reader.cancel().catch(() => undefined);
          controller.error(error);
        } finally {
          timer.cancel();
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
