/**
 * Owns a ledger that has blocks when a test says so: real transactions, trees and headers with a little work, and
 * one chain that all peers of the test see at once. Checks no rule: it stands in for chain and wallet where only
 * their slices are needed.
 */
import type { AnchorLedger, LedgerState } from "#anchoring/index.ts";
import type { BlockId, TxId } from "#base/brand.ts";
import { toHex, utf8 } from "#base/bytes.ts";
import { Emitter } from "#base/emitter.ts";
import { fail, ok, type Problem } from "#base/result.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import { merklePath, merkleRoot } from "#crypto/merkle.ts";
import { sha256 } from "#crypto/sha256.ts";
import {
  type Anchor,
  blockIdOfHeader,
  encodeHeader,
  encodeTransaction,
  type Header,
  signTransaction,
  type Transaction,
  txIdOf,
} from "#ledger/index.ts";
import type { KnownNetwork } from "#receipts/index.ts";
import { mined, miner } from "./waybill-sample.ts";

/** Every second hash meets it. */
const BITS = 0x207fffff;

interface SimulatedBlock {
  readonly header: Header;
  readonly headerBytes: Uint8Array;
  readonly id: BlockId;
  readonly transactions: readonly Transaction[];
}

export class SimulatedLedger {
  readonly network: KnownNetwork = {
    chainId: sha256(utf8("simulated ledger")),
    params: { name: "simulated", powLimitBits: BITS, maxFutureSeconds: 60 },
  };
  /** When set, every anchor is refused with it. */
  refusal: Problem | null = null;
  /** When set, an anchor is taken and no answer comes, as when the process dies in between. */
  silent = false;
  /** Roots in the order in which they were asked for. */
  readonly asked: string[] = [];
  readonly #tips = new Emitter<null>((error) => {
    throw error;
  });
  #seq = 0;
  #pool = new Map<TxId, Anchor>();
  #blocks: SimulatedBlock[] = [];
  #lost: SimulatedBlock[] = [];
  #bodiesFrom = 0;

  get pending(): number {
    return this.#pool.size;
  }

  /** The ledger as anchoring of one peer sees it. */
  viewOf(keypair: Keypair): AnchorLedger {
    return {
      anchor: async (root) => {
        this.asked.push(toHex(root));
        if (this.refusal !== null) return fail(this.refusal);
        const anchor = this.#sign(root, keypair);
        this.#pool.set(txIdOf(anchor), anchor);
        if (this.silent) await new Promise<never>(() => undefined);
        return ok(txIdOf(anchor));
      },
      anchorState: (id) => this.#stateOf(id),
      inclusion: (id) => this.#inclusionOf(id),
      confirmationsOf: (id) => this.confirmationsOf(id) ?? 0,
      height: () => this.#blocks.length,
      onTip: (listener) => this.#tips.subscribe(listener),
    };
  }

  /** A transaction that records a root and that nobody asked for. */
  submit(root: Uint8Array, keypair: Keypair): TxId {
    const anchor = this.#sign(root, keypair);
    this.#pool.set(txIdOf(anchor), anchor);
    return txIdOf(anchor);
  }

  #sign(root: Uint8Array, keypair: Keypair): Anchor {
    const body = { type: "anchor", from: keypair.account, fee: 200, validUntil: 1_000_000, root } as const;
    return signTransaction({ ...body, seq: this.#seq++ }, this.network.chainId, keypair);
  }

  /** Takes up all that waits into a new block. */
  mine(): void {
    const anchors = [...this.#pool.values()];
    this.#pool.clear();
    this.#append(anchors);
    this.#tips.emit(null);
  }

  #append(anchors: readonly Anchor[]): void {
    const height = this.#blocks.length + 1;
    const transactions: Transaction[] = [
      { type: "coinbase", height, miner: miner.account, extra: utf8(String(this.#seq++)) },
      ...anchors,
    ];
    const header = mined({
      version: 1,
      height,
      previous: this.#blocks.at(-1)?.id ?? ("00".repeat(32) as BlockId),
      txRoot: merkleRoot(transactions.map(encodeTransaction)),
      stateRoot: new Uint8Array(32),
      historyRoot: new Uint8Array(32),
      chainWork: BigInt(height * 2),
      lag: 0,
      time: 1_790_000_000 + height * 15,
      bits: BITS,
      nonce: 0n,
    });
    const headerBytes = encodeHeader(header);
    this.#blocks.push({ header, headerBytes, id: blockIdOfHeader(headerBytes), transactions });
  }

  /** Puts empty blocks in the place of the newest ones. @param lose their transactions do not return to the pool. */
  undo(count: number, { lose }: { readonly lose: boolean }): void {
    const undone = this.#blocks.splice(-count);
    for (const _ of undone) this.#append([]);
    for (const block of undone) {
      for (const tx of block.transactions) if (tx.type === "anchor" && !lose) this.#pool.set(txIdOf(tx), tx);
    }
    this.#tips.emit(null);
  }

  /** Drops the bodies of all blocks but the newest ones. */
  prune(keepBlocks: number): void {
    this.#bodiesFrom = this.#blocks.length - keepBlocks + 1;
  }

  /** As after a damaged file: nothing is here until {@link fetchAgain}. */
  lose(): void {
    this.#lost = [...this.#blocks.splice(0), ...this.#lost];
    this.#tips.emit(null);
  }

  /** The next blocks of those that were lost. @param whole without it, as from a snapshot: headers alone. */
  fetchAgain(count: number, { whole }: { readonly whole: boolean }): void {
    const fetched = this.#lost.splice(0, count);
    this.#blocks.push(...fetched.map((block) => (whole ? block : { ...block, transactions: [] })));
    this.#tips.emit(null);
  }

  /** As a verifier asks for it. */
  confirmationsOf(id: BlockId): number | null {
    const at = this.#blocks.findIndex((block) => block.id === id);
    return at < 0 ? null : this.#blocks.length - at;
  }

  #find(id: TxId): { readonly block: SimulatedBlock; readonly index: number } | null {
    for (const block of this.#blocks) {
      const index = block.transactions.findIndex((tx) => txIdOf(tx) === id);
      if (index >= 0) return { block, index };
    }
    return null;
  }

  #stateOf(id: TxId): LedgerState {
    const found = this.#find(id);
    if (found === null) return { state: this.#pool.has(id) ? "pending" : "gone" };
    const { header, id: blockId } = found.block;
    const confirmations = this.#blocks.length - header.height + 1;
    return { state: "anchored", height: header.height, blockId, blockTime: header.time, confirmations };
  }

  #inclusionOf(id: TxId) {
    const found = this.#find(id);
    if (found === null || found.block.header.height < this.#bodiesFrom) return null;
    const leaves = found.block.transactions.map(encodeTransaction);
    return {
      headerBytes: found.block.headerBytes,
      transactionBytes: leaves[found.index] ?? new Uint8Array(0),
      index: found.index,
      count: leaves.length,
      path: merklePath(leaves, found.index),
    };
  }
}
