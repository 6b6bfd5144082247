/** Owns the reading of named, typed, bounded members of a JSON object, each of which must be there and no other. */
import type { GenesisFault } from "./faults.ts";
import { JSON_QUOTED_CHARS_MAX } from "./limits.ts";
import type { JsonValue } from "./strict-json.ts";

/** Carries a fault out of nested reading; `genesis.ts` turns it into a value. */
export class GenesisRefusal extends Error {
  readonly fault: GenesisFault;
  constructor(code: GenesisFault["code"], cause: string) {
    super(cause);
    this.fault = { code, cause };
  }
}

export class Fields {
  readonly #members: ReadonlyMap<string, JsonValue>;
  readonly #where: string;
  readonly #read = new Set<string>();

  /** @param where how a fault names this object. */
  constructor(value: JsonValue, where: string) {
    if (!(value instanceof Map)) throw new GenesisRefusal("type-wrong", `${where} is not an object`);
    this.#members = value;
    this.#where = where;
  }

  #take(key: string): JsonValue {
    this.#read.add(key);
    const value = this.#members.get(key);
    if (value === undefined) throw new GenesisRefusal("key-missing", `${this.#where} has no "${key}"`);
    return value;
  }

  #name(key: string): string {
    return `"${key}" of ${this.#where}`;
  }

  integer(key: string, least: number, most: number): number {
    const value = this.#take(key);
    if (typeof value !== "number")
      throw new GenesisRefusal("type-wrong", `${this.#name(key)} is not a number`);
    if (value < least || value > most) {
      throw new GenesisRefusal("out-of-range", `${this.#name(key)} is ${value}, not ${least} to ${most}`);
    }
    return value;
  }

  text(key: string, pattern: RegExp, mostChars: number): string {
    const value = this.#take(key);
    if (typeof value !== "string")
      throw new GenesisRefusal("type-wrong", `${this.#name(key)} is not a string`);
    if (value.length > mostChars || !pattern.test(value)) {
      throw new GenesisRefusal("out-of-range", `${this.#name(key)} does not match ${pattern.source}`);
    }
    return value;
  }

  exactly<Text extends string>(key: string, expected: Text): Text {
    if (this.#take(key) !== expected) {
      throw new GenesisRefusal("out-of-range", `${this.#name(key)} is not "${expected}"`);
    }
    return expected;
  }

  group<Value extends object>(key: string, read: (fields: Fields) => Value): Readonly<Value> {
    const fields = new Fields(this.#take(key), this.#name(key));
    const value = read(fields);
    fields.end();
    return Object.freeze(value);
  }

  groupOrNull<Value extends object>(key: string, read: (fields: Fields) => Value): Readonly<Value> | null {
    return this.#take(key) === null ? null : this.group(key, read);
  }

  /** A list of texts. */
  texts(key: string, most: number, pattern: RegExp, mostChars: number): string[] {
    return this.#items(key, most).map((text, at) => {
      if (typeof text !== "string") {
        throw new GenesisRefusal("type-wrong", `entry ${at} of ${this.#name(key)} is not a string`);
      }
      if (text.length > mostChars || !pattern.test(text)) {
        throw new GenesisRefusal(
          "out-of-range",
          `entry ${at} of ${this.#name(key)} does not match ${pattern.source}`,
        );
      }
      return text;
    });
  }

  list<Value>(key: string, most: number, read: (fields: Fields) => Value): Value[] {
    return this.#items(key, most).map((item, at) => {
      const fields = new Fields(item, `entry ${at} of "${key}"`);
      const value = read(fields);
      fields.end();
      return value;
    });
  }

  #items(key: string, most: number): readonly JsonValue[] {
    const items = this.#take(key);
    if (!Array.isArray(items)) throw new GenesisRefusal("type-wrong", `${this.#name(key)} is not a list`);
    if (items.length > most) {
      throw new GenesisRefusal(
        "out-of-range",
        `${this.#name(key)} has ${items.length} entries, above ${most}`,
      );
    }
    return items;
  }

  /** Refuses members that nothing asked for. */
  end(): void {
    for (const key of this.#members.keys()) {
      if (!this.#read.has(key)) {
        const quoted = key.slice(0, JSON_QUOTED_CHARS_MAX);
        throw new GenesisRefusal("key-unknown", `${this.#where} has "${quoted}", which is not a parameter`);
      }
    }
  }
}
