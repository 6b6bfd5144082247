/**
 * Owns the search of a nonce for one header: SHA-256d over 176 bytes of which only the last eight change, by one of
 * two kernels in WebAssembly (assembly/, built by `tools/build-kernel.ts`): four nonces at a time where the processor
 * has SIMD, one at a time elsewhere. Knows no chain, no threads and no time.
 */
import { readFileSync } from "node:fs";
import { SEARCH_CALL_HASHES_MAX } from "./limits.ts";

export const HEADER_BYTES = 176;
const TARGET_BYTES = 32;
export const HALF_NONCES = 0x1_0000_0000;

export type KernelName = "simd" | "scalar";

/** The part of WebAssembly that is used here; the types of Node leave it out. */
interface WebAssemblyEngine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

/** What the module exports; `docs/decisions/0119` says why it is committed. */
interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  headerAt(): number;
  targetAt(): number;
  search(low: number, high: number, count: number): number;
}

export interface Kernel {
  readonly name: KernelName;
  /** {@link HeaderSearch.search}, for at most {@link SEARCH_CALL_HASHES_MAX} nonces: how far it counted, or -1. */
  search(header: Uint8Array, target: Uint8Array, low: number, high: number, count: number): number;
}

/** @throws Error where the engine cannot run this kernel. */
export function loadKernel(name: KernelName): Kernel {
  const bytes = readFileSync(new URL(`./kernel-${name}.wasm`, import.meta.url));
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyEngine };
  // The module imports nothing, so that it can do nothing but reckon in its own memory.
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const exports = instance.exports as KernelExports;
  const memory = new Uint8Array(exports.memory.buffer);
  return {
    name,
    search(header, target, low, high, count) {
      memory.set(header, exports.headerAt());
      memory.set(target, exports.targetAt());
      return exports.search(low, high, count);
    },
  };
}

/** The fastest that runs here. */
export function bestKernel(load: (name: KernelName) => Kernel = loadKernel): Kernel {
  try {
    return load("simd");
  } catch {
    return load("scalar");
  }
}

/** Loaded with the first search of a thread. */
let loaded: Kernel | null = null;

function ownKernel(): Kernel {
  loaded ??= bestKernel();
  return loaded;
}

/** A header whose nonce is sought. */
export class HeaderSearch {
  readonly #header: Uint8Array;
  readonly #target: Uint8Array;
  readonly #kernel: Kernel;

  /**
   * @param header the 176 bytes; the nonce in them is ignored.
   * @param target 32 bytes, big-endian: a nonce is found when the id, read as a big-endian number, is not above it.
   */
  constructor(header: Uint8Array, target: Uint8Array, kernel: Kernel = ownKernel()) {
    if (header.length !== HEADER_BYTES) throw new RangeError(`header of ${header.length} bytes`);
    if (target.length !== TARGET_BYTES) throw new RangeError(`target of ${target.length} bytes`);
    this.#header = header.slice();
    this.#target = target.slice();
    this.#kernel = kernel;
  }

  /**
   * Tries `count` nonces whose lower half is `low` and whose upper half counts up from `high`.
   * @returns the nonce found first, or `null`. Stays within the upper half: `high + count` is at most 2^32.
   */
  search(low: number, high: number, count: number): bigint | null {
    if (high + count > HALF_NONCES) throw new RangeError("the search leaves the upper half of the nonce");
    for (let done = 0; done < count; done += SEARCH_CALL_HASHES_MAX) {
      const calls = Math.min(SEARCH_CALL_HASHES_MAX, count - done);
      const found = this.#kernel.search(this.#header, this.#target, low, high + done, calls);
      if (found >= 0) return (BigInt(high + done + found) << 32n) | BigInt(low >>> 0);
    }
    return null;
  }
}
