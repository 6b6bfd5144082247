/** What a scenario is: a world of its own kind, and what happens in it. */
import type { RunSummary, Stage } from "../run.ts";
import type { WorldOptions } from "../world.ts";

export interface Scenario {
  /** As `--scenario` has it. */
  readonly name: string;
  readonly what: string;
  /** How its world differs from the usual one. */
  readonly world?: (nodes: number) => Partial<Omit<WorldOptions, "seed" | "nodes" | "trace">>;
  /** How far apart settled nodes may stand at any moment, where blocks come faster than usual. */
  readonly behindBlocks?: number;
  run(stage: Stage): Promise<void>;
  /** Whether the run brought about what the scenario is for: one in which nothing happened shows nothing, and fails. */
  shows(summary: RunSummary): boolean;
}
