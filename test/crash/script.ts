/**
 * Owns what a doomed chain is told, drawn from a seed: blocks that extend its best chain, branches that overtake it, and
 * payments handed in by its user. Whoever carries it out undisturbed ends at `tip`. Written to a file that child
 * processes read, because making it costs more than carrying it out.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fromHex, toHex } from "#base/bytes.ts";
import { encodeBlock, encodeTransaction, type Network, signTransaction } from "#ledger/index.ts";
import { ALICE, BOB, CAROL, person, TestChain, testNetwork } from "#ledger/test-chain.ts";
import type { SeededRandom } from "#test/kit/random.ts";

export interface Step {
  readonly kind: "block" | "payment";
  readonly bytes: Uint8Array;
}

export interface Script {
  readonly steps: readonly Step[];
  /** The best chain that all of it leads to. */
  readonly chain: TestChain;
}

/** Whose payments are handed in to the node and acknowledged; ALICE's stand in blocks that came from elsewhere. */
export const DAVE = person(4);
const DEPTH_MAX = 6;

export function crashNetwork(): Network {
  return testNetwork({
    validUntilMaxBlocks: 2_000,
    allocations: [ALICE, DAVE].map(({ account }) => ({ account, amount: 1_000_000 })),
  });
}

export function drawScript(random: SeededRandom, rounds: number): Script {
  const network = crashNetwork();
  const steps: Step[] = [];
  const pay = (from: typeof DAVE, seq: number) =>
    signTransaction(
      {
        ...{ type: "transfer", from: from.account, to: CAROL.account, seq, validUntil: 2_000 },
        ...{ fee: 200 + random.below(50), amount: 1 + random.below(9) },
      },
      network.chainId,
      from,
    );
  const paidByDave: ReturnType<typeof pay>[] = [];
  const grow = (chain: TestChain): void => {
    const seqOf = (who: typeof DAVE) => chain.tip.state.account(who.account).nextSeq;
    const first = seqOf(ALICE);
    const others = Array.from({ length: random.below(6) }, (_, at) => pay(ALICE, first + at));
    // So many that waiting ones never reach the bound for one account, and some blocks take none.
    const waiting = paidByDave.slice(seqOf(DAVE), seqOf(DAVE) + random.below(12));
    const miner = random.pick([ALICE, BOB, CAROL]);
    const { block } = chain.grow([...others, ...waiting], miner, 15 + random.below(3));
    steps.push({ kind: "block", bytes: encodeBlock(block) });
  };
  let chain = new TestChain(network);
  grow(chain);
  for (let round = 0; round < rounds; round++) {
    const height = chain.tip.block.header.height;
    if (height > 2 && random.chance(0.4)) {
      const depth = 1 + random.below(Math.min(DEPTH_MAX, height - 1));
      const oldWork = chain.tip.block.header.chainWork;
      chain = chain.fork(height - depth);
      while (chain.tip.block.header.chainWork <= oldWork) grow(chain);
    } else {
      grow(chain);
    }
    const unplaced = paidByDave.length - chain.tip.state.account(DAVE.account).nextSeq;
    if (unplaced < 12 && random.chance(0.7)) {
      const payment = pay(DAVE, paidByDave.length);
      paidByDave.push(payment);
      steps.push({ kind: "payment", bytes: encodeTransaction(payment) });
    }
  }
  return { steps, chain };
}

export function writeSteps(path: string, steps: readonly Step[]): void {
  writeFileSync(path, steps.map(({ kind, bytes }) => `${kind} ${toHex(bytes)}`).join("\n"));
}

export function readSteps(path: string): readonly Step[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .map((line) => {
      const [kind, hex] = line.split(" ");
      const bytes = fromHex(hex ?? "");
      if ((kind !== "block" && kind !== "payment") || bytes === null) throw new Error(`not a step: ${line}`);
      return { kind, bytes };
    });
}
