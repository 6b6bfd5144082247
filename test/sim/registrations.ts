/** Owns honest people who register names, one after the other: whoever committed first holds the name in the end. */
import assert from "node:assert/strict";
import { commitmentOf } from "#ledger/index.ts";
import type { SeededRandom } from "#test/kit/random.ts";
import type { ChainNode } from "#test/kit/sim-chain-node.ts";
import type { Stage } from "./run.ts";
import { SECOND_MS, type SimWorld } from "./world.ts";

/** Between the beginnings of two registrations. */
const APART_MS = 12 * SECOND_MS;
/** How often it is looked whether a claim is due. */
const LOOK_MS = SECOND_MS;
const ENDED_WITHIN_MINUTES = 20;

interface Registration {
  readonly by: ChainNode;
  readonly name: string;
  readonly salt: Uint8Array;
  state: "committing" | "committed" | "claiming" | "claimed";
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

  get count(): number {
    return this.#all.length;
  }

  begin(): void {
    const { clock } = this.#world;
    clock.every(APART_MS, () => {
      if (this.#isOpen) this.#register();
    });
    clock.every(LOOK_MS, () => {
      for (const registration of this.#all) this.#goOn(registration);
    });
  }

  /** No more are begun; those under way are waited for. @throws when somebody else holds a name. */
  async end(stage: Stage): Promise<void> {
    this.#isOpen = false;
    for (let minute = 0; this.#all.some(({ state }) => state !== "claimed"); minute++) {
      assert.ok(minute < ENDED_WITHIN_MINUTES, `registered within ${ENDED_WITHIN_MINUTES} minutes`);
      await stage.pass(1);
    }
    for (const { by, name } of this.#all) {
      assert.equal(by.chain.nameAt(name).status?.owner, by.account, `${name} is ${by.name}'s`);
    }
  }

  #register(): void {
    const by = this.#random.pick(this.#world.honest);
    const registration: Registration = {
      by,
      name: `honest-${this.#all.length}`,
      salt: this.#random.bytes(32),
      state: "committing",
    };
    this.#all.push(registration);
    const { account, wallet } = by;
    const commitment = commitmentOf({ ...registration, key: account }, account);
    this.#after(wallet.recordName({ type: "name-commit", commitment }), registration, "committed");
  }

  #goOn(registration: Registration): void {
    const { by, name, salt, state } = registration;
    const { account, chain, wallet } = by;
    if (state === "claiming" && chain.nameAt(name).status !== null) registration.state = "claimed";
    if (state !== "committed") return;
    const committed = chain.commitmentAt(account, commitmentOf({ name, salt, key: account }, account));
    const { claimAfterBlocks } = this.#world.params.names;
    if (committed === null || chain.tip().height + 1 < committed.height + claimAfterBlocks) return;
    registration.state = "committing";
    this.#after(
      wallet.recordName({ type: "name-claim", name, salt, key: account }),
      registration,
      "claiming",
    );
  }

  #after(
    made: ReturnType<ChainNode["wallet"]["recordName"]>,
    registration: Registration,
    state: Registration["state"],
  ): void {
    made.then(
      (answer) => {
        assert.ok(answer.ok, `${registration.by.name} may register ${registration.name}`);
        registration.state = state;
      },
      (error: unknown) => this.#world.faults.push(error),
    );
  }
}
