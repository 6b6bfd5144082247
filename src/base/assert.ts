/** Owns the guards of our own reasoning. Input from outside is never checked with these: decoders do that. */

export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${what}`);
}

/** Closes a `switch` over a union: a case added later fails to compile until it is handled. */
export function unreachable(value: never): never {
  throw new Error(`unreachable case: ${JSON.stringify(value)}`);
}
