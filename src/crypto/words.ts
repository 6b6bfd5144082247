/**
 * Owns how 88 bits are written as eight words that people read aloud, and the phrase of a key. The list is the English
 * one of BIP-39: 2,048 words that differ within their first four letters. Eight words of it hold 88 bits and nothing
 * else: no checksum, for a wrong secret or phrase is found out by what it is compared with.
 */
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { concat, utf8 } from "#base/bytes.ts";
import { fail, ok, type Result } from "#base/result.ts";
import { sha256 } from "#crypto/sha256.ts";
import { NEAR_WORDS_MAX, SPELLED_CHARACTERS_MAX } from "./limits.ts";

export const SPELLED_BYTES = 11;
export const SPELLED_WORDS = 8;
const BITS_PER_WORD = 11;
/** Within which all words of the list differ: whoever writes that much of one has written it. */
const DISTINCT_LETTERS = 4;
/** Slips of the pen that still lead to the word meant. */
const TYPING_SLIPS_MAX = 2;
const PHRASE_DOMAIN = utf8("waybill-phrase-v1\0");

const placeOf = new Map(wordlist.map((word, place) => [word, place]));
const byBeginning = new Map(wordlist.map((word, place) => [word.slice(0, DISTINCT_LETTERS), place]));

export type WordsFault =
  /** So many words were given. */
  | { readonly code: "count"; readonly given: number }
  /** `position` counts from 1; `near` are words of the list that look like it, best first, perhaps none. */
  | {
      readonly code: "unknown-word";
      readonly position: number;
      readonly word: string;
      readonly near: readonly string[];
    };

/** @param bytes 11 of them. Big-endian: the first word stands for the first 11 bits. */
export function spell(bytes: Uint8Array): string {
  if (bytes.length !== SPELLED_BYTES) throw new RangeError(`${bytes.length} bytes are not eight words`);
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return Array.from({ length: SPELLED_WORDS }, (_, at) => {
    const place = Number((value >> BigInt((SPELLED_WORDS - 1 - at) * BITS_PER_WORD)) & 0x7ffn);
    return wordlist[place] ?? "";
  }).join(" ");
}

/**
 * The bytes of eight words however they were typed: any case, anything but letters between them, and four letters or
 * more of each.
 */
export function unspell(text: string): Result<Uint8Array, WordsFault> {
  const typed = text
    .slice(0, SPELLED_CHARACTERS_MAX)
    .normalize("NFKC")
    .toLowerCase()
    .split(/[^\p{L}\p{M}]+/u)
    .filter((word) => word !== "");
  if (typed.length !== SPELLED_WORDS) return fail({ code: "count", given: typed.length });
  let value = 0n;
  for (const [at, word] of typed.entries()) {
    const place = placeOfTyped(word);
    if (place === undefined) {
      return fail({ code: "unknown-word", position: at + 1, word: word.slice(0, 32), near: nearWords(word) });
    }
    value = (value << BigInt(BITS_PER_WORD)) | BigInt(place);
  }
  const bytes = new Uint8Array(SPELLED_BYTES);
  for (let at = SPELLED_BYTES - 1; at >= 0; at--, value >>= 8n) bytes[at] = Number(value & 0xffn);
  return ok(bytes);
}

/**
 * Eight words that stand for a public key, for two people to compare by voice: the first 88 bits of SHA-256 over a
 * domain and the key. Whoever wants another key with the same phrase has about 2^88 to try.
 *
 * @param publicKey 32 bytes.
 */
export function comparePhrase(publicKey: Uint8Array): string {
  return spell(sha256(concat(PHRASE_DOMAIN, publicKey)).subarray(0, SPELLED_BYTES));
}

function placeOfTyped(word: string): number | undefined {
  const whole = placeOf.get(word);
  if (whole !== undefined || word.length < DISTINCT_LETTERS) return whole;
  const place = byBeginning.get(word.slice(0, DISTINCT_LETTERS));
  // "abandoned" is not "abandon" cut short: somebody has heard another word.
  return place !== undefined && wordlist[place]?.startsWith(word) === true ? place : undefined;
}

function nearWords(word: string): readonly string[] {
  if (word.length > 2 * DISTINCT_LETTERS + TYPING_SLIPS_MAX) return [];
  return wordlist
    .map((listed) => ({ listed, slips: slipsBetween(word, listed) }))
    .filter(({ slips }) => slips <= TYPING_SLIPS_MAX)
    .sort((a, b) => a.slips - b.slips)
    .slice(0, NEAR_WORDS_MAX)
    .map(({ listed }) => listed);
}

/** Letters to add, drop or change, or neighbours to swap (optimal string alignment). */
function slipsBetween(a: string, b: string): number {
  let older: readonly number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    for (let at = 1; at <= b.length; at++) {
      const same = a[row - 1] === b[at - 1];
      const changed = (above[at - 1] ?? 0) + (same ? 0 : 1);
      const swapped = row > 1 && at > 1 && a[row - 1] === b[at - 2] && a[row - 2] === b[at - 1];
      line.push(
        Math.min(
          changed,
          (above[at] ?? 0) + 1,
          (line[at - 1] ?? 0) + 1,
          swapped ? (older[at - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    older = above;
    above = line;
  }
  return above[b.length] ?? 0;
}
