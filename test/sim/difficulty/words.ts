/** Owns the prose of `docs/difficulty.md`: what was asked, how to read each table, and what the rule does badly. */

/** @param hashes expected for one block while the chain is on schedule. */
export function OPENING(seed: number, hashes: number): string {
  return `# Difficulty

<!-- written by: npm run sim -- --difficulty --seed ${seed} -->

How the difficulty rule of [spec/ledger.md](../spec/ledger.md) behaves, in a model of mining: miners with shares of a
hash rate, delays between them, and habits. The targets are those of the integer rule that nodes run
(\`src/ledger/target.ts\`); finding a block is a Poisson process; a miner takes the heaviest chain it has heard of, the
first heard among equals. No bytes travel, so a hundred thousand blocks take seconds. The model is
\`test/sim/difficulty/\`; \`npm run sim -- --difficulty\` writes this page again, byte for byte from the same seed, and
\`test/sim/difficulty.test.ts\` holds the numbers that matter.

T is the spacing, g the least gap between a block and its parent, F how far ahead of a clock a block may be dated, tau
the lateness that halves the difficulty. Default preset: T 15 s, tau 600 s, g 3 s, F 60 s; on schedule a block takes
${hashes.toLocaleString("en")} hashes, and the easiest target is a 1024th of that. Two numbers with a stroke are the
median and the 95th percentile of 80 runs.`;
}

export const WORDS = {
  changes: `All hash rate is a thousand times, or a thousandth, from one moment on. "Recovered": a block takes work
within a factor of two of what the new hash rate asks for. Blocks are counted by the time they state.

A thousand times the hash rate cannot storm: the gap holds blocks to one in g, and what may be dated ahead adds a burst
of F/g. After a thousandth the first block is what hurts; without the stall ease its mean would be 1,000 T, more than four
hours at T 15 s.`,
  idle: `Nobody mines, then all do as before. The lag saturates where the target is at its easiest, so a weekend costs no
more than a night: the chain forgets that it was idle.`,
  steady: `An even hash rate, 120,000 blocks.`,
  dates: `One miner among others, no delays, 120,000 blocks. Gain: its share of the blocks over its share of the hash rate,
less one; sampling alone moves it by about 0.9 % for 10 % and 0.35 % for 40 %.

Under the rule alone no date is worth stating falsely. What a miner *waits for* is another matter: whoever pauses while
others may mine gives them that time. A miner that let the gap pass after each tip, and ran at most F/2 ahead of its
clock, lost so much to one that dates forward that its habit was changed (decision 0122).`,
  withheld: `One miner keeps what it finds to itself and shows it when others come close (Eyal and Sirer 2013), among ten
honest ones that hear of each other within 0.2 s, 60,000 blocks. Two positions: it is nearer to everybody than they are to
each other, so that in a race nearly all take its side (gamma near 1); or it hears last, and nobody does (gamma 0). The
formula knows no difficulty rule and no delays; that the two agree says that the rule gives withholding no lever of its
own: time per block stays T, and work is compared, not length. (Near one half leads grow longer than any sample, and the
formula, which waits for their end, runs ahead of it.)`,
  delays: `Ten equal miners, 20,000 blocks. What each preset loses to blocks found at the same time.`,
  crowds: `All of a thousandfold hash rate in a few hands, 0.25 s apart, from the moment it arrives, 40 minutes. While the
target is far too easy everybody holds a block for the moment at which the gap ends, and hears of the others' too late.
Shares of blocks found in vain, and the most blocks that one miner gave up at once.`,
} as const;

export const FINDINGS = `## What the rule does badly

- **A lost hash rate stalls the chain.** After all but a thousandth left, the first block takes half an hour to an hour
  at T 15 s, and an hour and three quarters pass until blocks come at their pace. Messages and files do not wait for
  blocks; anchors do.
- **A sudden thousandfold hash rate in several hands forks deeply.** Two equal miners 0.25 s apart can grow branches of
  dozens of blocks beside each other, of the same work at each height, until luck tells them apart. It ends when the
  target has followed, within about 25 minutes at T 15 s. A block is then worth little: look at the work that stands on it,
  not at the number of blocks.
- **Withholding pays from about a third of the hash rate on**, and from less for one that is nearer to everybody than they
  are to each other. That is a property of chains that pay whole blocks to the first, not of this rule, and nothing here
  prevents it.
- **Dating forward keeps honest miners waiting a little.** A block dated F ahead leaves them no room for g, which binds
  its finder too, and for the 2 s that Waybill's miner leaves for other clocks: that is the gain in the table, below the 7 %
  that F/tau allows.
- **The easiest target is no wall.** It is what one laptop can carry; whoever rents a graphics card is far above it.`;
