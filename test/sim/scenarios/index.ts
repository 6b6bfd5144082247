/** All scenarios, in the order in which a suite goes through them. */
import { clocks } from "./clocks.ts";
import { powerCuts } from "./crashes.ts";
import { hostileThird } from "./hostile.ts";
import { hostileNewcomers } from "./hostile-newcomers.ts";
import { hostileSigners } from "./hostile-signers.ts";
import { newcomers } from "./newcomers.ts";
import { calm, churn, equalParts, minorityPart, repeatedCuts, threeParts } from "./partitions.ts";
import { rateDown, rateUp, weekend } from "./rates.ts";
import type { Scenario } from "./scenario.ts";
import { withholding } from "./withholding.ts";

export type { Scenario } from "./scenario.ts";

export const SCENARIOS: readonly Scenario[] = [
  calm,
  equalParts,
  minorityPart,
  threeParts,
  repeatedCuts,
  churn,
  rateUp,
  rateDown,
  weekend,
  clocks,
  powerCuts,
  hostileThird,
  hostileSigners,
  hostileNewcomers,
  withholding,
  newcomers,
];
