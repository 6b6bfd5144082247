/** Owns a small world for anchoring: alice and bob on a simulated network and ledger, with stores that outlive them. */
import { type Anchoring, type AnchoringEvent, openAnchoring, type ReceiptStore } from "#anchoring/index.ts";
import type { DeliveryId, PeerId } from "#base/brand.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import type { Log } from "#ports/log.ts";
import type { Network } from "#ports/network.ts";
import { type Receipt, verifyWaybill } from "#receipts/index.ts";
import { memoryReceipts } from "#storage/memory/receipts.ts";
import { type ComputerClock, SimulatedClock } from "./clock.ts";
import { SimulatedNetwork } from "./network.ts";
import { seededRandom } from "./random.ts";
import { SimulatedLedger } from "./sim-ledger.ts";
import { alice, bob, messageBody, receiptFor } from "./waybill-sample.ts";

export class AnchoringWorld {
  readonly clock = new SimulatedClock();
  readonly random = seededRandom(11);
  readonly ledger = new SimulatedLedger();
  readonly network = new SimulatedNetwork({
    clock: this.clock,
    random: this.random.fork("network"),
    link: { delayMs: 5 },
  });
  /** What was logged as a fault of ours. */
  readonly faults: unknown[] = [];
  readonly alice = new AnchoringPeer(this, alice);
  readonly bob = new AnchoringPeer(this, bob);

  readonly log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    fault: (_, error) => void this.faults.push(error),
    child: () => this.log,
  };

  /** Both run and are connected. */
  static async running(): Promise<AnchoringWorld> {
    const world = new AnchoringWorld();
    world.alice.start();
    world.bob.start();
    await world.clock.advance(2_000);
    return world;
  }

  /** Mines a block, and gives it time to be noticed. */
  async mine(count = 1): Promise<void> {
    for (let at = 0; at < count; at++) {
      this.ledger.mine();
      await this.clock.advance(100);
    }
  }

  /** A receipt from alice to bob, known to whoever is named. */
  deliver(number: number, to: readonly AnchoringPeer[] = [this.alice, this.bob]): DeliveryId {
    const deliveryId = number.toString(16).padStart(64, "0") as DeliveryId;
    const receipt = receiptFor(messageBody({ deliveryId }));
    for (const peer of to) peer.anchoring.add(receipt, null);
    return deliveryId;
  }
}

export class AnchoringPeer {
  readonly keypair: Keypair;
  readonly store: ReceiptStore = memoryReceipts();
  /** Of all runs together: state, and the code of the reason or the confirmations. */
  readonly told = new Map<DeliveryId, string[]>();
  readonly #world: AnchoringWorld;
  #clock: ComputerClock | null = null;
  #network: Network | null = null;
  #anchoring: Anchoring | null = null;
  #ran = false;

  constructor(world: AnchoringWorld, keypair: Keypair) {
    this.#world = world;
    this.keypair = keypair;
  }

  get id(): PeerId {
    return this.keypair.peerId;
  }

  get anchoring(): Anchoring {
    if (this.#anchoring === null) throw new Error("this peer does not run");
    return this.#anchoring;
  }

  get network(): Network {
    if (this.#network === null) throw new Error("this peer does not run");
    return this.#network;
  }

  start(store: ReceiptStore = this.store): void {
    const { clock, network, ledger, log, random } = this.#world;
    this.#clock = clock.computer();
    this.#network = this.#ran ? network.start(this.id) : network.addPeer(this.id);
    this.#ran = true;
    this.#anchoring = openAnchoring(
      { chainId: ledger.network.chainId, batchWaitMs: 1_000, batchReceiptsMax: 4 },
      {
        clock: this.#clock,
        network: this.#network,
        log,
        random: random.fork(this.id),
        store,
        ledger: ledger.viewOf(this.keypair),
      },
    );
    this.#anchoring.subscribe((event) => this.#note(event));
  }

  #note({ deliveryId, anchor }: AnchoringEvent): void {
    const detail = anchor.state === "anchored" ? anchor.confirmations : anchor.reason.code;
    this.told.set(deliveryId, [...(this.told.get(deliveryId) ?? []), `${anchor.state} ${detail}`]);
  }

  /** As by a power cut: nothing of this run happens any more. */
  crash(): void {
    this.#clock?.end();
    this.#world.network.stop(this.id);
  }

  state(id: DeliveryId): string | null {
    return this.anchoring.anchor(id)?.state ?? null;
  }

  /** What a stranger with the same chain concludes from this peer's proof file. */
  grade(id: DeliveryId): string {
    const file = this.anchoring.waybill(id);
    if (!file.ok) return file.fault.code;
    const { ledger } = this.#world;
    const { verdict } = verifyWaybill(file.value, {
      network: ledger.network,
      headerInMyChain: (block) => ledger.confirmationsOf(block),
    });
    return verdict.grade;
  }
}

export type { Receipt };
