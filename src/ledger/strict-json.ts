/**
 * Owns reading of JSON where every byte matters (RFC 8259, narrowed): no key twice, whole numbers only, bounded
 * depth, and for each refusal the place. `JSON.parse` would let the last of two equal keys win in silence.
 */
import { fail, ok, type Result } from "#base/result.ts";
import { JSON_DEPTH_MAX, JSON_QUOTED_CHARS_MAX } from "./limits.ts";

/** Objects are maps, so that a key such as `__proto__` is a key like any other. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | ReadonlyMap<string, JsonValue>;

export interface JsonFault {
  readonly code: "not-json" | "key-repeated";
  /** One sentence, with the line. */
  readonly cause: string;
}

class Refusal extends Error {
  readonly fault: JsonFault;
  constructor(fault: JsonFault) {
    super(fault.cause);
    this.fault = fault;
  }
}

export function parseStrictJson(text: string): Result<JsonValue, JsonFault> {
  const reader = new JsonReader(text);
  try {
    const value = reader.value(0);
    reader.end();
    return ok(value);
  } catch (error) {
    if (error instanceof Refusal) return fail(error.fault);
    throw error;
  }
}

/** Sticky patterns: each matches at the reading position or not at all, in time linear in what it matches. */
const SPACE = /[ \t\n\r]*/y;
const INTEGER = /-?(?:0|[1-9][0-9]{0,15})(?![0-9.eE])/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 8259 section 7 forbids them in strings.
const STRING = /"(?:[^"\\\u0000-\u001f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"/y;
const WORD = /true|false|null/y;

class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  #refuse(code: JsonFault["code"], what: string): never {
    const line = this.#text.slice(0, this.#at).split("\n").length;
    throw new Refusal({ code, cause: `line ${line}: ${what}` });
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) return null;
    this.#at += found.length;
    return found;
  }

  #peek(): string {
    this.#match(SPACE);
    return this.#text[this.#at] ?? "";
  }

  #takeIf(mark: string): boolean {
    if (this.#peek() !== mark) return false;
    this.#at += 1;
    return true;
  }

  #expect(mark: string): void {
    if (!this.#takeIf(mark)) this.#refuse("not-json", `expected "${mark}"`);
  }

  end(): void {
    if (this.#peek() !== "") this.#refuse("not-json", "something follows the end");
  }

  value(depth: number): JsonValue {
    const next = this.#peek();
    if (next === "{" || next === "[") {
      if (depth >= JSON_DEPTH_MAX) this.#refuse("not-json", `nested deeper than ${JSON_DEPTH_MAX}`);
      return next === "{" ? this.#object(depth + 1) : this.#array(depth + 1);
    }
    if (next === '"') return this.#string();
    const word = this.#match(WORD);
    if (word !== null) return word === "null" ? null : word === "true";
    const digits = this.#match(INTEGER);
    if (digits === null)
      this.#refuse("not-json", "expected a value; numbers are whole and of at most 16 digits");
    const number = Number(digits);
    if (!Number.isSafeInteger(number) || Object.is(number, -0))
      this.#refuse("not-json", `the number ${digits} is not exact`);
    return number;
  }

  #string(): string {
    const quoted = this.#match(STRING);
    if (quoted === null) this.#refuse("not-json", "expected a string");
    // The pattern let through exactly what JSON allows between quotes: this only resolves the escapes.
    return JSON.parse(quoted) as string;
  }

  #object(depth: number): ReadonlyMap<string, JsonValue> {
    this.#expect("{");
    const members = new Map<string, JsonValue>();
    if (this.#takeIf("}")) return members;
    do {
      if (this.#peek() !== '"') this.#refuse("not-json", "expected a key");
      const key = this.#string();
      if (members.has(key))
        this.#refuse("key-repeated", `the key "${key.slice(0, JSON_QUOTED_CHARS_MAX)}" stands twice`);
      this.#expect(":");
      members.set(key, this.value(depth));
    } while (this.#takeIf(","));
    this.#expect("}");
    return members;
  }

  #array(depth: number): readonly JsonValue[] {
    this.#expect("[");
    const items: JsonValue[] = [];
    if (this.#takeIf("]")) return items;
    do items.push(this.value(depth));
    while (this.#takeIf(","));
    this.#expect("]");
    return items;
  }
}
