/** Owns what a name is and what it costs. Who holds one is state, and changes in `apply.ts`. */
import { NAME_CHARS_LEAST, NAME_CHARS_MAX } from "./limits.ts";
import type { NameRules } from "./params.ts";

const NAME = /^[a-z0-9][a-z0-9-]{1,30}[a-z0-9]$/;

/** 3 to 32 of `a-z 0-9 -`, no hyphen at either end. ASCII alone, so that no two names look the same. */
export function isName(text: string): boolean {
  return text.length >= NAME_CHARS_LEAST && text.length <= NAME_CHARS_MAX && NAME.test(text);
}

/** What a claim or a renewal burns: `basePrice`, doubled for each character below `cheapFromChars`. */
export function nameCost(chars: number, { basePrice, cheapFromChars }: NameRules): number {
  return basePrice * 2 ** Math.max(0, cheapFromChars - chars);
}
