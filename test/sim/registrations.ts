/** Owns honest people who register names, one after the other: whoever claimed a name holds it in the end. */
import assert from "node:assert/strict";
import type { TxId } from "#base/brand.ts";
import { commitmentOf } from "#ledger/index.ts";
import type { SeededRandom } from "#test/kit/random.ts";
import type { ChainNode } from "#test/kit/sim-chain-node.ts";
import type { Stage } from "./run.ts";
import { SECOND_MS, type SimWorld } from "./world.ts";

/** Between the beginnings of two registrations. */
const APART_MS = 12 * SECOND_MS;
/** How often it is looked whether a claim is due. */
const LOOK_MS = SECOND_MS;
/** A flood makes pools ask for higher fees, and what was signed before it waits until they ask for less again. */
const RECORDED_WITHIN_MINUTES = 60;

interface Registration {
  readonly by: ChainNode;
  readonly name: string;
  readonly salt: Uint8Array;
  isCommitted: boolean;
  /** Of the claim, once it is made. */
  claim: TxId | null;
}

export class Registrations {
  readonly #world: SimWorld;
  readonly #random: SeededRandom;
  readonly #all: Registration[] = [];
  #isOpen = true;

  constructor(world: SimWorld) {
    this.#world = world;
    this.#random = world.random.fork("registrations");
  }

  get #claimed(): readonly Registration[] {
    return this.#all.filter(({ claim }) => claim !== null);
  }

  /** Names that were claimed. */
  get count(): number {
    return this.#claimed.length;
  }

  begin(): void {
    const { clock } = this.#world;
    clock.every(APART_MS, () => {
      if (this.#isOpen) this.#register();
    });
    clock.every(LOOK_MS, () => {
      if (this.#isOpen) for (const registration of this.#all) this.#claimWhenDue(registration);
    });
  }

  /** Nothing more is begun; claims that were made are waited for. @throws when somebody else holds what was claimed. */
  async end(stage: Stage): Promise<void> {
    this.#isOpen = false;
    const isRecorded = ({ by, claim }: Registration): boolean =>
      claim !== null && by.chain.anchorState(claim).state === "anchored";
    for (let minute = 0; !this.#claimed.every(isRecorded); minute++) {
      assert.ok(minute < RECORDED_WITHIN_MINUTES, `recorded within ${RECORDED_WITHIN_MINUTES} minutes`);
      await stage.pass(1);
    }
    for (const { by, name } of this.#claimed) {
      assert.equal(by.chain.nameAt(name).status?.owner, by.account, `${name} is ${by.name}'s`);
    }
  }

  #register(): void {
    const by = this.#random.pick(this.#world.honest);
    const [name, salt] = [`honest-${this.#all.length}`, this.#random.bytes(32)];
    const registration: Registration = { by, name, salt, isCommitted: false, claim: null };
    this.#all.push(registration);
    const commitment = commitmentOf({ name, salt, key: by.account }, by.account);
    this.#follow(by.wallet.recordName({ type: "name-commit", commitment }), () => {
      registration.isCommitted = true;
    });
  }

  #claimWhenDue(registration: Registration): void {
    const { by, name, salt, isCommitted } = registration;
    const { account, chain, wallet } = by;
    if (!isCommitted) return;
    const committed = chain.commitmentAt(account, commitmentOf({ name, salt, key: account }, account));
    const { claimAfterBlocks } = this.#world.params.names;
    if (committed === null || chain.tip().height + 1 < committed.height + claimAfterBlocks) return;
    registration.isCommitted = false;
    this.#follow(wallet.recordName({ type: "name-claim", name, salt, key: account }), (id) => {
      registration.claim = id;
    });
  }

  /** What finds no room in one's own pool is not begun, or not claimed. */
  #follow(made: ReturnType<ChainNode["wallet"]["recordName"]>, done: (id: TxId) => void): void {
    made.then(
      (answer) => {
        if (answer.ok) done(answer.value);
        else this.#world.say(`a registration is refused: ${answer.fault.code}`);
      },
      (error: unknown) => this.#world.faults.push(error),
    );
  }
}
