/**
 * Owns difficulty: compact targets, and which target and schedule error the next header must state. Integer
 * arithmetic only. The exponential is the aserti3-2d kernel (Bitcoin Cash specification 2020-11-15); it is fed
 * with a schedule error `lag` that each header carries, kept within bounds so that idle time is forgotten once
 * the target has reached its easiest. See `spec/ledger.md`, "Difficulty".
 */
import type { BlockId } from "#base/brand.ts";
import { TARGETS_CACHED_MAX } from "./limits.ts";
import type { ChainParams } from "./params.ts";
import type { Header } from "./types.ts";

/** Parameters of the kernel's cubic approximation of 2^x - 1 over [0, 1), in units of 2^-48. */
const CUBIC = { first: 195766423245049n, second: 971821376n, third: 5127n, rounding: 1n << 47n } as const;
const MANTISSA_MAX = 0x7f_ffff;
const HASH_SPACE = 1n << 256n;

/** The target of a compact form, or `null` unless it is canonical: positive, below 2^256, shortest mantissa. */
export function targetOfBits(bits: number): bigint | null {
  const size = bits >>> 24;
  const mantissa = bits & 0xff_ffff;
  if (mantissa === 0 || mantissa > MANTISSA_MAX) return null;
  const shift = BigInt(8 * (size - 3));
  const target = shift >= 0n ? BigInt(mantissa) << shift : BigInt(mantissa) >> -shift;
  return target < HASH_SPACE && target > 0n && bitsOfTarget(target) === bits ? target : null;
}

/** The compact form: a byte of size, then three of the leading digits, the rest cut off. Target from 1 to 2^256 - 1. */
export function bitsOfTarget(target: bigint): number {
  let size = Math.ceil(target.toString(16).length / 2);
  let mantissa = Number(size <= 3 ? target << BigInt(8 * (3 - size)) : target >> BigInt(8 * (size - 3)));
  // The top bit of the mantissa is a sign in the format's ancestor, and stays clear.
  if (mantissa > MANTISSA_MAX) {
    mantissa >>>= 8;
    size += 1;
  }
  return size * 0x100_0000 + mantissa;
}

/** `reference * 2^(lag / tau)`, as aserti3-2d computes it, from 1 upwards; not yet held below the limit. */
export function asertTarget(reference: bigint, lag: number, tauSeconds: number): bigint {
  // BigInt division truncates towards zero and `>>` rounds down: both as the specification asks.
  const exponent = (BigInt(lag) * 65536n) / BigInt(tauSeconds);
  const shifts = exponent >> 16n;
  const x = exponent - shifts * 65536n;
  const cubic = CUBIC.first * x + CUBIC.second * x * x + CUBIC.third * x * x * x + CUBIC.rounding;
  const scaled = reference * ((cubic >> 48n) + 65536n);
  const target = (shifts < 0n ? scaled >> -shifts : scaled << shifts) >> 16n;
  return target === 0n ? 1n : target;
}

interface Schedule {
  readonly reference: bigint;
  readonly limit: bigint;
  readonly lagMin: number;
  readonly lagMax: number;
  /** What the kernel gave lately, by its argument: a chain keeps near its schedule, so the same lags come again. */
  readonly bitsOfLag: BoundedCache<number, number>;
}

/** Forgets all when it is full: what is asked for often is soon there again. */
class BoundedCache<Key, Value> {
  readonly #values = new Map<Key, Value>();

  get(key: Key, compute: (key: Key) => Value): Value {
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    if (this.#values.size >= TARGETS_CACHED_MAX) this.#values.clear();
    const value = compute(key);
    this.#values.set(key, value);
    return value;
  }
}

const schedules = new WeakMap<ChainParams, Schedule>();

function scheduleOf(params: ChainParams): Schedule {
  const known = schedules.get(params);
  if (known !== undefined) return known;
  const reference = mustTarget(params.initialBits);
  const limit = mustTarget(params.powLimitBits);
  const schedule = {
    reference,
    limit,
    // 2^-256 of any target is below 1: nothing beyond can make it harder.
    lagMin: -256 * params.tauSeconds,
    lagMax: leastLagAtLimit(reference, limit, params.tauSeconds),
    bitsOfLag: new BoundedCache<number, number>(),
  };
  schedules.set(params, schedule);
  return schedule;
}

/** The least lag at which the kernel reaches the limit: later than that is not remembered. */
function leastLagAtLimit(reference: bigint, limit: bigint, tauSeconds: number): number {
  let [low, high] = [0, 256 * tauSeconds];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (asertTarget(reference, middle, tauSeconds) >= limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

function mustTarget(bits: number): bigint {
  const target = targetOfBits(bits);
  if (target === null) throw notCanonical(bits);
  return target;
}

function notCanonical(bits: number): Error {
  return new Error(`not a canonical compact target: ${bits.toString(16)}`);
}

/** What a header at `time` on this parent must state. */
export interface NextWork {
  readonly bits: number;
  readonly lag: number;
}

/**
 * The target rests on the parent's lag. Only a long stall lets the block's own time ease it, in whole steps of T
 * and late, so that nobody gains by stating another time than the true one.
 */
export function nextWork(parent: Pick<Header, "time" | "lag">, time: number, params: ChainParams): NextWork {
  const { reference, limit, lagMin, lagMax, bitsOfLag } = scheduleOf(params);
  const { targetSpacingSeconds, easeAfterSeconds, tauSeconds } = params;
  const elapsed = time - parent.time;
  const late = easeAfterSeconds === 0 ? 0 : Math.max(0, elapsed - easeAfterSeconds);
  const ease = Math.floor(late / targetSpacingSeconds) * targetSpacingSeconds;
  const bits = bitsOfLag.get(Math.min(parent.lag + ease, lagMax), (lag) => {
    const target = asertTarget(reference, lag, tauSeconds);
    return target < limit ? bitsOfTarget(target) : params.powLimitBits;
  });
  const lag = Math.min(Math.max(parent.lag + elapsed - targetSpacingSeconds, lagMin), lagMax);
  return { bits, lag };
}

interface TargetMeaning {
  readonly work: bigint;
  /** 64 lower-case digits, as ids are written: their order as texts is their order as numbers. */
  readonly hex: string;
}

const meanings = new BoundedCache<number, TargetMeaning | null>();

/** `null` when the bits are not canonical. */
function meaningOf(bits: number): TargetMeaning | null {
  return meanings.get(bits, () => {
    const target = targetOfBits(bits);
    if (target === null) return null;
    return { work: HASH_SPACE / (target + 1n), hex: target.toString(16).padStart(64, "0") };
  });
}

/** Expected hashes for one block: floor(2^256 / (target + 1)). Throws when the bits are not canonical. */
export function workOfBits(bits: number): bigint {
  const meaning = meaningOf(bits);
  if (meaning === null) throw notCanonical(bits);
  return meaning.work;
}

/** The target as 32 bytes, big-endian. Throws when the bits are not canonical. */
export function targetBytes(bits: number): Uint8Array {
  const target = mustTarget(bits);
  return Uint8Array.from({ length: 32 }, (_, at) => Number((target >> BigInt(8 * (31 - at))) & 0xffn));
}

/** Whether an id, read as a big-endian number, is not above the target. False when the bits are not canonical. */
export function meetsTarget(id: BlockId, bits: number): boolean {
  const meaning = meaningOf(bits);
  return meaning !== null && id <= meaning.hex;
}
