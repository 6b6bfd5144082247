/** Owns a network on which names cost little and end soon, and whoever signs about them, for tests. */
import type { Keypair } from "#crypto/ed25519.ts";
import { commitmentOf } from "./names.ts";
import type { Network } from "./params.ts";
import { signTransaction } from "./sign.ts";
import { ALICE, BOB, CAROL, person, type TestChain, testNetwork } from "./test-chain.ts";
import type { AccountId, NameChange, NameClaim, SignedTransaction } from "./types.ts";

export const people: readonly Keypair[] = [ALICE, BOB, CAROL, person(4)];
const allocations = people.map(({ account }) => ({ account, amount: 1_000_000 }));
export const namesNetwork = testNetwork({
  allocations,
  payoutDelayBlocks: 1,
  names: { ...testNetwork().params.names, claimsPerAccountPerBlock: 3 },
});
const { names } = namesNetwork.params;
/** Blocks from a claim or renewal to the end of its grace. */
export const GRACE_ENDS = names.lifeBlocks + names.graceBlocks;

export function saltOf(salt: number): Uint8Array {
  return new Uint8Array(32).fill(salt);
}

/** Signs on top of what stands in the chain, and what was signed for the same block before. */
export class Author {
  readonly chain: TestChain;
  readonly #chainId: Uint8Array;
  readonly #used = new Map<AccountId, number>();

  /** @param signed what will stand before in the same block. */
  constructor(
    chain: TestChain,
    signed: readonly SignedTransaction[] = [],
    { chainId } = namesNetwork as Pick<Network, "chainId">,
  ) {
    this.chain = chain;
    this.#chainId = chainId;
    for (const { from } of signed) this.#used.set(from, (this.#used.get(from) ?? 0) + 1);
  }

  /** What every transaction of this account begins with now. */
  head(who: Keypair) {
    const state = this.chain.tip.state.account(who.account);
    const used = this.#used.get(who.account) ?? 0;
    this.#used.set(who.account, used + 1);
    const validUntil = this.chain.tip.block.header.height + 40;
    return { from: who.account, seq: state.nextSeq + used, fee: 2, validUntil };
  }

  commit(who: Keypair, name: string, key: AccountId = who.account, salt = 1): SignedTransaction {
    const commitment = commitmentOf({ salt: saltOf(salt), name, key }, who.account);
    return signTransaction({ type: "name-commit", ...this.head(who), commitment }, this.#chainId, who);
  }

  claim(who: Keypair, name: string, key: AccountId = who.account, salt = 1): NameClaim {
    const terms = { salt: saltOf(salt), name, key };
    return signTransaction({ type: "name-claim", ...this.head(who), ...terms }, this.#chainId, who);
  }

  update(who: Keypair, name: string, change: NameChange): SignedTransaction {
    return signTransaction({ type: "name-update", ...this.head(who), name, change }, this.#chainId, who);
  }
}
