/**
 * Owns `docs/difficulty.md` and its plots: the experiments of `experiments.ts` from one seed, as tables and words. What is
 * said of a number in words stands beside it, so that whoever runs it again sees both.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type SeededRandom, seededRandom } from "#test/kit/random.ts";
import {
  afterChange,
  afterIdle,
  CLASSROOM,
  crowdAtGap,
  DEFAULT,
  deviant,
  evenRate,
  eyalSirer,
  INTERNET,
  many,
  quantile,
  type Recovery,
  staleAtDelay,
  steadyIntervals,
  type Timing,
} from "./experiments.ts";
import { backward, forward, type Habit, honest, type ModelBlock, paced, patient } from "./model.ts";
import { drawPlot, type Series } from "./plot.ts";
import { FINDINGS, openingOf, WORDS } from "./words.ts";

const RUNS = 80;
const SHARE_BLOCKS = 120_000;
const WITHHOLDING_BLOCKS = 60_000;
const HOUR = 3_600;
const PRESETS: readonly (readonly [string, Timing])[] = [
  ["classroom, 10 s", CLASSROOM],
  ["default, 15 s", DEFAULT],
  ["internet, 30 s", INTERNET],
];

type Row = readonly (string | number)[];

function table(head: Row, rows: readonly Row[]): string {
  const line = (row: Row): string => `| ${row.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const percent = (part: number, digits = 1): string => `${(part * 100).toFixed(digits)} %`;
const signed = (part: number): string => `${part >= 0 ? "+" : ""}${(part * 100).toFixed(1)} %`;
const seconds = (value: number): string => Math.round(value).toLocaleString("en");

function spread(values: readonly number[]): string {
  return `${seconds(quantile(values, 0.5))} / ${seconds(quantile(values, 0.95))}`;
}

function changes(random: SeededRandom): string {
  const rows = PRESETS.flatMap(([name, timing]) =>
    [1 / 1000, 1000].map((factor) => {
      const label = factor > 1 ? "x1000" : "/1000";
      const runs = many(RUNS, random.fork(`${name} ${label}`), (each) => afterChange(timing, factor, each));
      return [
        name,
        label,
        spread(runs.map((run) => run.firstSeconds)),
        spread(runs.map((run) => run.recoveredSeconds)),
        Math.max(...runs.map((run) => run.densestMinute)),
      ];
    }),
  );
  return table(["preset", "hash rate", "first block, s", "recovered, s", "most blocks in 60 s"], rows);
}

function idle(random: SeededRandom): string {
  const rows = [12, 64].map((hours) => {
    const runs = many(RUNS, random.fork(`idle ${hours}`), (each) => afterIdle(DEFAULT, hours * HOUR, each));
    return [
      `${hours} h`,
      spread(runs.map((run) => run.recoveredSeconds)),
      spread(runs.map((run) => run.recoveredBlocks)),
    ];
  });
  return table(["idle", "recovered, s", "blocks until then"], rows);
}

function steady(random: SeededRandom): string {
  const rows = [DEFAULT, { ...DEFAULT, easeAfter: 0 }].map((timing) => {
    const intervals = steadyIntervals(timing, SHARE_BLOCKS, random.fork(`steady ${timing.easeAfter}`));
    const mean = intervals.reduce((sum, one) => sum + one, 0) / intervals.length;
    return [
      timing.easeAfter === 0 ? "without" : "after 4T",
      mean.toFixed(2),
      ...[0.99, 0.999].map((part) => quantile(intervals, part).toFixed(0)),
    ];
  });
  return table(["stall ease", "mean, s", "p99, s", "p99.9, s"], rows);
}

function dates(random: SeededRandom): string {
  const others: readonly (readonly [string, Habit])[] = [
    ["at once", honest],
    ["as Waybill's miner", paced],
    ["with a gap's pause and F/2 (before decision 0122)", patient],
  ];
  const habits: readonly (readonly [string, Habit])[] = [
    ["now + F", forward],
    ["parent + g", backward],
    ["its clock, at once", honest],
  ];
  const rows = others.flatMap(([crowd, habit]) =>
    habits.map(([deviation, own]) => [
      crowd,
      deviation,
      ...[0.1, 0.4].map((share) =>
        signed(
          deviant(
            DEFAULT,
            { share, habit: own },
            { habit, delay: 0 },
            SHARE_BLOCKS,
            random.fork(`${crowd} ${deviation} ${share}`),
          ).gain,
        ),
      ),
    ]),
  );
  return table(["the others mine", "it dates its blocks", "gain of 10 %", "gain of 40 %"], rows);
}

interface Withheld {
  readonly share: number;
  readonly fast: number;
  readonly slow: number;
  readonly stale: number;
  readonly pace: number;
}

function withheld(random: SeededRandom): Withheld[] {
  return [0.3, 1 / 3, 0.36, 0.4, 0.45, 0.49].map((share) => {
    const run = (delay: number, name: string) =>
      deviant(
        DEFAULT,
        { share, habit: paced, withholds: true, delay },
        { habit: paced, delay: 0.1 },
        WITHHOLDING_BLOCKS,
        random.fork(`withheld ${share} ${name}`),
      );
    // Halfway between any two of them: what it answers to a block of one reaches the others before that block does.
    const [fast, slow] = [run(-0.05, "fast"), run(5, "slow")];
    return { share, fast: fast.reward, slow: slow.reward, stale: fast.stale, pace: fast.pace };
  });
}

function withholdingTable(rows: readonly Withheld[]): string {
  return table(
    [
      "hash share",
      "nearer than all",
      "hears last",
      "formula, gamma 1",
      "formula, gamma 0",
      "stale",
      "time per block",
    ],
    rows.map(({ share, fast, slow, stale, pace }) => [
      percent(share),
      percent(fast),
      percent(slow),
      percent(eyalSirer(share, 1)),
      percent(eyalSirer(share, 0)),
      percent(stale),
      `${pace.toFixed(2)} T`,
    ]),
  );
}

function delays(random: SeededRandom): string {
  const rows = [0.1, 0.25, 0.5, 1, 2].map((delay) => [
    `${delay} s`,
    ...PRESETS.map(([name, timing]) =>
      percent(staleAtDelay(timing, paced, delay, 20_000, random.fork(`delay ${delay} ${name}`))),
    ),
    percent(1 - Math.exp(-delay / DEFAULT.spacing)),
  ]);
  return table(["delay", ...PRESETS.map(([name]) => name), "1 - exp(-D/T) at 15 s"], rows);
}

interface Crowd {
  readonly miners: number;
  readonly eager: readonly [stale: number, deepest: number];
  readonly paced: readonly [stale: number, deepest: number];
}

function crowds(random: SeededRandom): Crowd[] {
  return [1, 2, 5, 10, 20].map((miners) => {
    const run = (habit: Habit, name: string): readonly [number, number] => {
      const { stale, deepest } = crowdAtGap(
        { timing: DEFAULT, miners, factor: 1_000, delay: 0.25, seconds: 2_400, habit },
        random.fork(`crowd ${miners} ${name}`),
      );
      return [stale, deepest];
    };
    return { miners, eager: run(honest, "eager"), paced: run(paced, "paced") };
  });
}

function crowdTable(rows: readonly Crowd[]): string {
  return table(
    ["miners", "stale, all at once", "deepest", "stale, as Waybill's miner", "deepest"],
    rows.map(({ miners, eager, paced: waiting }) => [
      miners,
      percent(eager[0]),
      eager[1],
      percent(waiting[0]),
      waiting[1],
    ]),
  );
}

// Plots ------------------------------------------------------------------------------------------------------

/** Work of the newest block, by the minute in which it was found. */
function workOverTime(name: string, colour: string, { blocks }: Recovery): Series {
  const points = blocks.map((block: ModelBlock) => [block.foundAt / 60, block.work / 2 ** 30] as const);
  return { name, colour, points };
}

function changesPlot(random: SeededRandom): string {
  return drawPlot({
    title: "Work for a block after a change (default preset)",
    x: {
      label: "minutes",
      from: 0,
      to: 140,
      ticks: [0, 20, 40, 60, 80, 100, 120, 140].map((at) => [at, `${at}`]),
    },
    y: {
      label: "work, of the first",
      from: 1 / 2_000,
      to: 2_000,
      isLogarithmic: true,
      ticks: [1 / 1000, 1 / 100, 1 / 10, 1, 10, 100, 1000].map((at) => [
        at,
        at < 1 ? `1/${Math.round(1 / at)}` : `${at}`,
      ]),
    },
    series: [
      workOverTime("hash rate x1000", "#b3261e", afterChange(DEFAULT, 1_000, random.fork("plot up"))),
      workOverTime("hash rate /1000", "#1f5fa8", afterChange(DEFAULT, 1 / 1_000, random.fork("plot down"))),
      workOverTime("after 64 idle hours", "#2f7d32", afterIdle(DEFAULT, 64 * HOUR, random.fork("plot idle"))),
    ],
  });
}

function withholdingPlot(rows: readonly Withheld[]): string {
  const shares = Array.from({ length: 20 }, (_, at) => 0.3 + at * 0.01);
  const axis = (label: string, from: number, to: number, step: number) => ({
    label,
    from,
    to,
    ticks: Array.from({ length: Math.round((to - from) / step) + 1 }, (_, at) => {
      const value = from + at * step;
      return [value, percent(value, 0)] as const;
    }),
  });
  return drawPlot({
    title: "What withholding earns",
    x: axis("share of the hash rate", 0.3, 0.5, 0.05),
    y: axis("share of the blocks", 0.2, 1, 0.1),
    series: [
      { name: "honest", colour: "#777", isDashed: true, points: shares.map((share) => [share, share]) },
      {
        name: "formula, gamma 0",
        colour: "#2f7d32",
        isDashed: true,
        points: shares.map((share) => [share, eyalSirer(share, 0)]),
      },
      {
        name: "nearer than all",
        colour: "#b3261e",
        points: rows.map(({ share, fast }) => [share, fast]),
      },
      { name: "hears last", colour: "#1f5fa8", points: rows.map(({ share, slow }) => [share, slow]) },
    ],
  });
}

/** Writes the page and its plots below `root`. The same seed writes the same bytes. */
export async function writeDifficultyReport(root: string, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const rows = withheld(random);
  const crowded = crowds(random);
  const images = join(root, "docs/images");
  await mkdir(images, { recursive: true });
  await writeFile(join(images, "difficulty-changes.svg"), changesPlot(random));
  await writeFile(join(images, "difficulty-withholding.svg"), withholdingPlot(rows));
  const sections: readonly (readonly [heading: string, words: string, ...tables: string[]])[] = [
    [
      "Sudden changes",
      WORDS.changes,
      changes(random),
      "![Work after a change](images/difficulty-changes.svg)",
    ],
    ["Idle time", WORDS.idle, idle(random)],
    ["Steady state", WORDS.steady, steady(random)],
    ["Dates that are not true", WORDS.dates, dates(random)],
    [
      "Withheld blocks",
      WORDS.withheld,
      withholdingTable(rows),
      "![What withholding earns](images/difficulty-withholding.svg)",
    ],
    ["Delay", WORDS.delays, delays(random)],
    ["Many big miners at the gap", WORDS.crowds, crowdTable(crowded)],
  ];
  const page = [
    openingOf(seed, evenRate(DEFAULT) * DEFAULT.spacing),
    ...sections.map(([heading, ...parts]) => [`## ${heading}`, ...parts].join("\n\n")),
    FINDINGS,
  ].join("\n\n");
  await writeFile(join(root, "docs/difficulty.md"), `${page}\n`);
  console.log("docs/difficulty.md and its plots are written");
}
