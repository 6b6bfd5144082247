/**
 * Owns what a decoder is held to under any input: a verdict and never an exception, quickly, and where it accepts,
 * the very bytes that its encoder writes. Which decoders there are is in the lists beside this file.
 */
import assert from "node:assert/strict";
import { equalBytes, fromUtf8, toHex, utf8 } from "#base/bytes.ts";

/** One decoder and how to feed it. */
export interface FuzzTarget {
  /** Of its file of kept cases: kebab-case. */
  readonly name: string;
  /** The exported functions that it exercises, by their names. */
  readonly functions: readonly string[];
  /** Valid inputs to start from, as bytes. */
  readonly samples: readonly Uint8Array[];
  /** Mends what would stop every mutant at the door: a sum, a signature, a length. */
  readonly mend: (input: Uint8Array) => Uint8Array;
  /**
   * Feeds one input. Throws when the decoder breaks its promise.
   * @returns the shape of the verdict, such that inputs which reach other branches mostly give other shapes.
   */
  readonly feed: (input: Uint8Array) => string;
}

interface Given<Value> {
  readonly name: string;
  readonly functions: readonly string[];
  readonly decode: (input: Uint8Array) => Verdict<Value>;
  /** Absent where several inputs stand for one value on purpose. */
  readonly encode?: (value: Value) => Uint8Array;
  readonly samples: readonly Uint8Array[];
  readonly mend?: (input: Uint8Array) => Uint8Array;
}

type Verdict<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly fault: object };

/** Digits left out: a thousand lengths are one shape. */
function shapeOf(value: unknown): string {
  const seen = JSON.stringify(value, (_key, part: unknown) => {
    if (part instanceof Uint8Array) return `bytes ${Math.min(3, part.length)}`;
    if (part instanceof Map) return [...part.keys()];
    if (typeof part === "bigint") return "number";
    if (typeof part === "string") return part.length > 40 ? "text" : part;
    return part;
  });
  return (seen ?? "none").replaceAll(/\d+/g, "0").slice(0, 400);
}

export function bytesTarget<Value>(given: Given<Value>): FuzzTarget {
  const { name, functions, decode, encode, samples } = given;
  return {
    name,
    functions,
    samples,
    mend: given.mend ?? ((input) => input),
    feed: (input) => {
      const before = Uint8Array.from(input);
      const verdict = decode(input);
      assert.ok(equalBytes(before, input), "the decoder wrote into its input");
      if (!verdict.ok) return `refused ${shapeOf(verdict.fault)}`;
      if (encode !== undefined) {
        const again = encode(verdict.value);
        assert.ok(equalBytes(again, input), `accepted, and encoded otherwise: ${toHex(again).slice(0, 400)}`);
      }
      return `accepted ${shapeOf(verdict.value)}`;
    },
  };
}

/** For decoders of text. Bytes that are no UTF-8 become some text, as a terminal or a file reader would make it. */
export function textTarget<Value>(
  given: Omit<Given<Value>, "decode" | "encode" | "samples"> & {
    readonly decode: (text: string) => Verdict<Value>;
    readonly encode?: (value: Value) => string;
    readonly samples: readonly string[];
  },
): FuzzTarget {
  const { decode, encode, samples, ...rest } = given;
  const encoded = encode === undefined ? {} : { encode: (value: Value) => utf8(encode(value)) };
  return bytesTarget<Value>({
    ...rest,
    ...encoded,
    samples: samples.map(utf8),
    decode: (input) => decode(fromUtf8(input) ?? new TextDecoder("latin1").decode(input)),
  });
}

/** For functions that answer with a value or `null`. */
export function orNull<Value>(value: Value | null): Verdict<Value> {
  return value === null ? { ok: false, fault: { code: "null" } } : { ok: true, value };
}

/** Every value that a check of text finds usable is one that it gives back unchanged. */
export function always<Value>(value: Value): Verdict<Value> {
  return { ok: true, value };
}
