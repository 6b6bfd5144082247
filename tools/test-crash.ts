/**
 * `npm run test:crash [-- --kills N] [--peers N] [--seed S]`: the crash harness (`test/crash/`). Processes with a real ledger
 * are killed at writes that the seed chooses, during recovery and in the middle of reorganisations too, at least 300
 * times, and some more by the clock; afterwards all is as if nothing had happened. Then the same with whole peers, fewer
 * times. Prints what each death interrupted. Exit code 1 with the seed otherwise.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { kills, killsAtWrites, newTally, runRound } from "../test/crash/harness.ts";
import { runPeers } from "../test/crash/peers.ts";

const KILLS = 300;
/** Of whole peers, beside those. */
const PEER_KILLS = 24;
const ROUNDS = 30;
/** Of one folder, so that several are tried. */
const KILLS_PER_FOLDER = 25;

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: String(KILLS) },
    seed: { type: "string", default: "1" },
    peers: { type: "string", default: String(PEER_KILLS) },
  },
});
const wanted = Number(values.kills);
const tally = newTally();
const startedMs = performance.now();
let next = Number(values.seed);

/** Two folders at once: there are two cores at least, and much of a life is waiting for the disk. */
async function work(): Promise<void> {
  while (killsAtWrites(tally) < wanted) {
    const seed = next++;
    await runRound(seed, ROUNDS, KILLS_PER_FOLDER, tally);
    console.log(
      `seed ${seed} ok: ${kills(tally)} deaths, ${killsAtWrites(tally)} at a write, in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`,
    );
  }
}

await Promise.all([work(), work()]);
console.log(JSON.stringify(tally));
const peers = newTally();
if (Number(values.peers) > 0) {
  await runPeers(Number(values.seed), Number(values.peers), peers);
  console.log(`whole peers: ${kills(peers)} deaths, ${JSON.stringify(peers.killed)}`);
}
for (const moment of [
  "opening",
  "resuming",
  "repairing",
  "connecting",
  "reorganising",
  "any moment",
] as const) {
  if (tally.killed[moment] === 0) {
    console.error(`nobody was killed while ${moment}: this run has shown nothing about it`);
    process.exitCode = 1;
  }
}
