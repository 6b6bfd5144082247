/**
 * Owns whole simulated nodes: chain, wallet, miner, messaging and anchoring, joined as the composition root joins
 * them, on stores that outlive a crash. No real time, network, thread or disk. Transfers and people are left out:
 * they rest on files and on a user.
 */
import { type Anchoring, type AnchorLedger, openAnchoring } from "#anchoring/index.ts";
import type { DeliveryId, PeerId } from "#base/brand.ts";
import { fail, problem } from "#base/result.ts";
import { type Chain, openChain, openWallet, type Wallet } from "#chain/index.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import type { Network as LedgerNetwork } from "#ledger/index.ts";
import { type Messaging, openMessaging } from "#messaging/index.ts";
import { type Miner, openMiner } from "#mining/index.ts";
import { joinReceipts } from "#node/flows/receipts-to-anchoring.ts";
import type { Log } from "#ports/log.ts";
import { verifyWaybill } from "#receipts/index.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { memoryMessages } from "#storage/memory/messages.ts";
import { memoryReceipts } from "#storage/memory/receipts.ts";
import { orderSeries } from "#storage/memory/slip-order.ts";
import type { ComputerClock, SimulatedClock } from "./clock.ts";
import type { SimulatedNetwork } from "./network.ts";
import type { SeededRandom } from "./random.ts";
import { openSimulatedSearch } from "./sim-search.ts";

export interface SimulatedNodeOptions {
  readonly name: string;
  readonly keypair: Keypair;
  readonly ledger: LedgerNetwork;
  readonly clock: SimulatedClock;
  readonly network: SimulatedNetwork;
  readonly random: SeededRandom;
  /** Low, so that blocks take simulated time and hardly any real. */
  readonly hashesPerSecond: number;
  /** How far the wall clock of this computer is off. */
  readonly clockOffMs: number;
  /** Bodies further below the tip are dropped; all are kept when not given. */
  readonly keepBlocks?: number;
}

/** What exists while the node runs. */
interface Run {
  readonly clock: ComputerClock;
  readonly chain: Chain;
  readonly wallet: Wallet;
  readonly miner: Miner;
  readonly messaging: Messaging;
  readonly anchoring: Anchoring;
}

export class SimulatedNode {
  readonly name: string;
  readonly keypair: Keypair;
  /** What was logged as a fault of ours. */
  readonly faults: unknown[] = [];
  readonly #options: SimulatedNodeOptions;
  readonly #blocks = memoryBlocks();
  readonly #messages = memoryMessages(orderSeries());
  readonly #receipts = memoryReceipts();
  #run: Run | null = null;
  #runs = 0;

  constructor(options: SimulatedNodeOptions) {
    this.name = options.name;
    this.keypair = options.keypair;
    this.#options = options;
  }

  get id(): PeerId {
    return this.keypair.peerId;
  }

  get running(): boolean {
    return this.#run !== null;
  }

  get chain(): Chain {
    return this.#current().chain;
  }

  get wallet(): Wallet {
    return this.#current().wallet;
  }

  get messaging(): Messaging {
    return this.#current().messaging;
  }

  get anchoring(): Anchoring {
    return this.#current().anchoring;
  }

  #current(): Run {
    if (this.#run === null) throw new Error(`${this.name} does not run`);
    return this.#run;
  }

  async start(): Promise<void> {
    const { ledger, network, keypair, keepBlocks = null } = this.#options;
    const clock = this.#options.clock.computer(this.#options.clockOffMs);
    const random = this.#options.random.fork(`${this.name} run ${this.#runs}`);
    const peers = this.#runs === 0 ? network.addPeer(this.id) : network.start(this.id);
    this.#runs += 1;
    const shared = { clock, random, log: this.#log() };
    const opened = await openChain(
      { network: ledger, keepBlocks },
      { ...shared, store: this.#blocks, peers },
    );
    if (!opened.ok) throw new Error(opened.fault.cause);
    const { chain } = opened.value;
    const wallet = openWallet({ ...shared, chain, keypair });
    const miner = openMiner(
      { account: keypair.account, mode: "on" },
      { ...shared, chain, search: openSimulatedSearch(clock, this.#options.hashesPerSecond) },
    );
    const messaging = await openMessaging(
      { keypair },
      { ...shared, network: peers, store: this.#messages, admits: () => true, holds: () => null },
    );
    const anchoring = openAnchoring(
      { chainId: ledger.chainId },
      { ...shared, network: peers, store: this.#receipts, ledger: anchorLedger(chain, wallet) },
    );
    this.#joinReceipts(messaging, anchoring);
    this.#run = { clock, chain, wallet, miner, messaging, anchoring };
  }

  #joinReceipts(messaging: Messaging, anchoring: Anchoring): void {
    joinReceipts({
      messaging,
      transfers: {
        untakenReceipts: () => [],
        receiptTaken: () => undefined,
        manifest: () => null,
        subscribe: () => () => undefined,
      },
      log: this.#log(),
      add: (receipt, manifest) => anchoring.add(receipt, manifest),
    });
  }

  /** As by a power cut: timers end, the network is dead, what is not in a store is gone. */
  crash(): void {
    const { clock } = this.#current();
    clock.end();
    this.#options.network.stop(this.id);
    this.#run = null;
  }

  /** The grade that this node's own proof file reaches with somebody who knows the network, and no chain of it. */
  offlineGradeOf(id: DeliveryId): string {
    const file = this.anchoring.waybill(id);
    return file.ok
      ? verifyWaybill(file.value, { network: this.#options.ledger }).verdict.grade
      : file.fault.code;
  }

  /** The grade that this node's own proof file reaches on this node's own chain. */
  gradeOf(id: DeliveryId): string {
    const file = this.anchoring.waybill(id);
    if (!file.ok) return file.fault.code;
    const { verdict } = verifyWaybill(file.value, {
      network: this.#options.ledger,
      headerInMyChain: (block) => {
        const confirmations = this.chain.confirmationsOf(block);
        return confirmations > 0 ? confirmations : null;
      },
    });
    return verdict.problem === null ? verdict.grade : `refused: ${verdict.problem.code}`;
  }

  #log(): Log {
    const log: Log = {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      fault: (message, error) => void this.faults.push(`${this.name}: ${message}: ${String(error)}`),
      child: () => log,
    };
    return log;
  }
}

function anchorLedger(chain: Chain, wallet: Wallet): AnchorLedger {
  return {
    async anchor(root) {
      const anchored = await wallet.anchor(root);
      if (anchored.ok) return anchored;
      return fail(problem(anchored.fault.code, "The ledger did not take the anchor.", "It is tried again."));
    },
    anchorState: (id) => wallet.anchorState(id),
    inclusion: (id) => chain.inclusion(id),
    confirmationsOf: (id) => chain.confirmationsOf(id),
    height: () => chain.tip().height,
    onTip: (listener) =>
      chain.subscribe((event) => {
        if (event.type === "TipChanged") listener();
      }),
  };
}
