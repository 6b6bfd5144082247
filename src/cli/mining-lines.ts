/** Owns the command line of `mine`, and the flags about mining that `start` has too. */
import { type Command, Option } from "commander";
import type { MiningChanges } from "#api/views.ts";
import { MINING_BOUNDS } from "#node/mining-settings.ts";
import { addCommand, type Commands, type Common, integer, misused, withPeer } from "./command-line.ts";

const MODES = ["on", "off", "always"] as const;
type Mode = (typeof MODES)[number];

/** What the flags of `start` become; absent ones change nothing. */
export interface MiningFlags {
  /** `false` for `--no-mine`, which holds for one run. */
  readonly mine?: Mode | false;
  readonly mineThreads?: number;
  readonly mineDuty?: number;
  readonly mineAfterCount?: number;
  readonly mineAfterSeconds?: number;
  readonly mineOnBattery?: boolean;
}

const threads = integer(...MINING_BOUNDS.threads);
const duty = integer(...MINING_BOUNDS.dutyPercent);
const afterCount = integer(...MINING_BOUNDS.afterCount);
const afterSeconds = integer(...MINING_BOUNDS.afterSeconds);

export function addMiningFlags(command: Command): Command {
  return command
    .addOption(new Option("--mine <when>", "on (when something waits), off or always; kept").choices(MODES))
    .option("--no-mine", "do not mine in this run")
    .option("--mine-threads <count>", "threads that mine; kept (default: 1)", threads)
    .option("--mine-duty <percent>", "part of the time that they work; kept (default: 100)", duty)
    .option(
      "--mine-after-count <count>",
      "mine once so many transactions wait; kept (default: 4)",
      afterCount,
    )
    .option(
      "--mine-after-seconds <seconds>",
      "or once the first has for so long; kept (default: 5)",
      afterSeconds,
    )
    .option("--mine-on-battery", "mine on battery too; kept")
    .option("--no-mine-on-battery", "rest on battery; kept (the default)");
}

export function miningChanges(flags: MiningFlags): MiningChanges {
  const { mine, mineThreads, mineDuty, mineAfterCount, mineAfterSeconds, mineOnBattery } = flags;
  return present({
    mode: mine === false ? undefined : mine,
    threads: mineThreads,
    dutyPercent: mineDuty,
    afterCount: mineAfterCount,
    afterSeconds: mineAfterSeconds,
    onBattery: mineOnBattery,
  });
}

type Maybe<Fields> = { readonly [Key in keyof Fields]: Fields[Key] | undefined };

/** Leaves out what was not said. */
function present(fields: Maybe<MiningChanges>): MiningChanges {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

interface MineOptions extends Common {
  readonly threads?: number;
  readonly duty?: number;
  readonly afterCount?: number;
  readonly afterSeconds?: number;
  readonly onBattery?: boolean;
}

export function addMine(commands: Commands): void {
  const mine = addCommand(commands, "mine", "Mining and the race: how it goes, and how this peer mines.", [
    "waybill mine",
    "waybill mine off",
    "waybill mine always --threads 2 --duty 50",
    "waybill mine --after-count 10 --after-seconds 30",
  ])
    .argument("[mode]", "on (when something waits), off or always")
    .option("--threads <count>", "threads that mine", threads)
    .option("--duty <percent>", "part of the time that they work", duty)
    .option("--after-count <count>", "mine once so many transactions wait", afterCount)
    .option("--after-seconds <seconds>", "or once the first has waited for so long", afterSeconds)
    .option("--on-battery", "mine on battery too")
    .option("--no-on-battery", "rest on battery");
  withPeer<MineOptions>(commands, mine, async (session, [given], options) => {
    const mode = MODES.find((each) => each === given);
    if (given !== undefined && mode === undefined) {
      return misused(mine, "say: mine, mine on, mine off or mine always");
    }
    const { mine: run } = await import("./commands/mining.ts");
    return await run(
      session,
      present({
        mode,
        threads: options.threads,
        dutyPercent: options.duty,
        afterCount: options.afterCount,
        afterSeconds: options.afterSeconds,
        onBattery: options.onBattery,
      }),
    );
  });
}
