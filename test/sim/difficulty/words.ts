/** Owns the prose of `docs/difficulty.md`: what was asked, how to read each table, and what the rule does badly. */

/** @param hashes expected for one block while the chain is on schedule. */
export function openingOf(seed: number, hashes: number): string {
  return `# Difficulty

<!-- written by: npm run sim -- --difficulty --seed ${seed} -->

This page shows how the difficulty rule of [spec/ledger.md](../spec/ledger.md) behaves when the hash rate changes, when
miners cheat, and when blocks travel slowly. The figures come from a model of mining. Its miners have shares of a hash
rate, delays between them, and habits. The targets are computed by the integer rule that nodes run
(\`src/ledger/target.ts\`), and finding a block is a Poisson process. A miner builds on the heaviest chain it has heard
of, and among equals on the one it heard of first. The model sends no bytes, so a hundred thousand blocks take seconds.
It lives in \`test/sim/difficulty/\`. \`npm run sim -- --difficulty\` writes this page again, byte for byte for the same
seed, and \`test/sim/difficulty.test.ts\` checks the numbers that matter.

The letters are those of the specification. T is the spacing, g is the least gap between a block and its parent, F is how
far ahead of a clock a block may be dated, and tau is the lateness that halves the difficulty. The default preset has T
15 s, tau 600 s, g 3 s and F 60 s. A chain on schedule takes ${hashes.toLocaleString("en")} hashes for a block, and the
easiest target is a 1024th of that. Two numbers with a slash between them are the median and the 95th percentile of 80
runs.`;
}

export const WORDS = {
  changes: `From one moment on the whole hash rate is a thousand times higher, or a thousand times lower. The chain counts
as recovered when a block takes work within a factor of two of what the new hash rate asks for. Blocks are counted by the
time they state.

A thousandfold hash rate cannot cause a storm of blocks: the gap allows one block every g seconds, and dating ahead adds
a burst of F/g blocks at the most. After a drop to a thousandth it is the wait for the first block that hurts. Without
the stall ease it would last 1,000 T on average, which is more than four hours at T 15 s.`,
  idle: `Nobody mines for a while, and then all mine as before. The lag stops growing once the target is at its easiest, so
a weekend costs no more than a night: the chain forgets how long it was idle.`,
  steady: `The hash rate stays the same for 120,000 blocks.`,
  dates: `One miner among others states false dates, for 120,000 blocks without delays. Its gain is its share of the blocks
divided by its share of the hash rate, less one. Chance alone moves the gain by about 0.9 % for a miner with 10 % of the
hash rate, and by 0.35 % for one with 40 %.

The rule by itself rewards no false date. What matters is how long a miner *waits*, because whoever pauses while others
may mine gives them that time. Waybill's miner once let the gap pass after each tip, and dated its blocks at most F/2
ahead of its clock. It lost so much to miners that date forward that its habit was changed (decision 0122).`,
  withheld: `One miner keeps the blocks it finds to itself and shows them when others come close (Eyal and Sirer 2013). It mines
60,000 blocks together with ten honest miners that hear of each other within 0.2 s. It stands in one of two places. Either
it is nearer to everybody than they are to each other, so that nearly all take its side in a race (gamma near 1). Or it is
the last to hear of a block and the last to be heard, and nobody takes its side (gamma 0). The formula knows no difficulty
rule and no delays. That the model agrees with it shows that the rule gives withholding no lever of its own: the time per
block stays T, and chains are compared by work, not by length. (Near one half of the hash rate, leads grow longer than any
sample; the formula, which waits for their end, is then ahead of the model.)`,
  delays: `Ten equal miners find 20,000 blocks. The table shows the share of blocks that each preset loses because two were
found at the same time.`,
  crowds: `A thousandfold hash rate arrives in a few hands that are 0.25 s apart, and the model runs for 40 minutes from that
moment. While the target is far too easy, everybody holds a block ready for the moment at which the gap ends, and hears
of the others' blocks too late. The table shows the share of blocks found in vain, and the most blocks that one miner gave
up at once.`,
} as const;

export const FINDINGS = `## What the rule does badly

- **A lost hash rate stalls the chain.** When only a thousandth is left, the first block takes half an hour to an hour
  at T 15 s, and an hour and three quarters pass until blocks come at their usual pace. Messages and files do not wait for
  blocks; anchors do.
- **A sudden thousandfold hash rate in several hands forks deeply.** Two equal miners 0.25 s apart can grow branches of
  dozens of blocks beside each other, of the same work at each height, until luck tells them apart. It ends when the
  target has caught up, within about 25 minutes at T 15 s. Until then one block means little: look at the work that stands
  on a transaction, not at the number of blocks.
- **Withholding pays from about a third of the hash rate on**, and from less for a miner that is nearer to everybody than
  they are to each other. Every chain that pays a whole block to its first finder has this property, and nothing here
  prevents it.
- **Dating forward keeps honest miners waiting a little.** A block dated F ahead leaves them no room for g, which binds
  its finder too, and for the 2 s that Waybill's miner leaves for other clocks: that is the gain in the table, below the 7 %
  that F/tau allows.
- **The easiest target is no wall.** It is what one laptop can carry; whoever rents a graphics card is far above it.`;
