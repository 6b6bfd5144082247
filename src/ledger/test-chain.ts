/** Owns small chains for tests: a network whose blocks cost one hash, and a chain that grows block by block. */
import assert from "node:assert/strict";
import { createKeypair, type Keypair } from "#crypto/ed25519.ts";
import { appendLeaf, EMPTY_PEAKS, type Peaks } from "#crypto/merkle.ts";
import { applyBlock, type Undo } from "./apply.ts";
import { bytesOfId, sealBlock } from "./codec.ts";
import { networkOf } from "./genesis.ts";
import type { ChainParams, Network } from "./params.ts";
import { LedgerState } from "./state.ts";
import { meetsTarget } from "./target.ts";
import { buildTemplate } from "./template.ts";
import type { Block, Header, SignedTransaction, Transaction } from "./types.ts";

/** The same three people in every test. */
export const ALICE = person(1);
export const BOB = person(2);
export const CAROL = person(3);

export function person(number: number): Keypair {
  return createKeypair(new Uint8Array(32).fill(number));
}

const PARAMS: ChainParams = {
  name: "test",
  coin: { symbol: "T", unitsPerCoin: 100 },
  genesisTime: 1_000_000,
  targetSpacingSeconds: 15,
  tauSeconds: 600,
  minGapSeconds: 3,
  maxFutureSeconds: 60,
  easeAfterSeconds: 60,
  // Nearly every hash meets this target, so that mining takes one or two.
  powLimitBits: 0x2100ffff,
  initialBits: 0x2100ffff,
  maxBlockBytes: 8192,
  maxBlockSignatures: 40,
  reward: { initial: 1000, halvingBlocks: 10, tail: 10 },
  payoutDelayBlocks: 2,
  validUntilMaxBlocks: 50,
  freeAnchors: { perBlock: 3, perAccountPerBlock: 2, stampBits: 4 },
  names: {
    commitPrice: 1,
    basePrice: 10,
    cheapFromChars: 6,
    claimAfterBlocks: 2,
    claimWithinBlocks: 6,
    lifeBlocks: 12,
    graceBlocks: 4,
    claimsPerAccountPerBlock: 2,
  },
  checkpoints: null,
  allocations: [{ account: ALICE.account, amount: 10_000 }],
  signatureRule: "ed25519-strict-1",
};

export function testNetwork(changed: Partial<ChainParams> = {}): Network {
  return networkOf(Object.freeze({ ...PARAMS, ...changed }));
}

/** The first nonce that meets the header's own target. */
export function mine(header: Header, transactions: readonly Transaction[]): Block {
  for (let nonce = 0n; ; nonce++) {
    const block = sealBlock({ ...header, nonce }, transactions);
    if (meetsTarget(block.id, header.bits)) return block;
  }
}

interface Grown {
  readonly block: Block;
  readonly state: LedgerState;
  /** Over the ids up to and including this block. */
  readonly history: Peaks;
  readonly undo: Undo | null;
}

export class TestChain {
  readonly network: Network;
  readonly #grown: Grown[];

  constructor(network: Network = testNetwork(), grown: readonly Grown[] = []) {
    const { genesis, params } = network;
    this.network = network;
    const history = appendLeaf(EMPTY_PEAKS, bytesOfId(genesis.id));
    const first = { block: genesis, state: LedgerState.atGenesis(params), history, undo: null };
    this.#grown = grown.length > 0 ? [...grown] : [first];
  }

  get tip(): Grown {
    return this.at(this.#grown.length - 1);
  }

  at(height: number): Grown {
    const grown = this.#grown[height];
    assert.ok(grown, `no block at height ${height}`);
    return grown;
  }

  /** Another chain with the same blocks up to this height. */
  fork(height: number): TestChain {
    return new TestChain(this.network, this.#grown.slice(0, height + 1));
  }

  /** The next block, mined and not connected. */
  next(candidates: readonly SignedTransaction[] = [], miner = BOB, seconds = 15): Block {
    const { block: parent, state, history } = this.tip;
    const timeSeconds = parent.header.time + seconds;
    const rest = { candidates, miner: miner.account, extra: new Uint8Array(0), timeSeconds };
    const template = buildTemplate({ parent, state, history, ...rest }, this.network);
    return mine(template.header, template.transactions);
  }

  connect(block: Block): Grown {
    const applied = applyBlock(this.tip.state, block, this.network.params);
    assert.ok(applied.ok, applied.ok ? "" : JSON.stringify(applied.fault));
    const { state, undo } = applied.value;
    this.#grown.push({ block, state, undo, history: appendLeaf(this.tip.history, bytesOfId(block.id)) });
    return this.tip;
  }

  grow(candidates: readonly SignedTransaction[] = [], miner = BOB, seconds = 15): Grown {
    return this.connect(this.next(candidates, miner, seconds));
  }
}
