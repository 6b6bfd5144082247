/** All targets of the fuzzer. */
import type { FuzzTarget } from "../target.ts";
import { ANNOUNCEMENT_TARGETS } from "./announcements.ts";
import { CHECKPOINT_TARGETS } from "./checkpoints.ts";
import { DELIVERY_TARGETS } from "./delivery.ts";
import { LEDGER_TARGETS } from "./ledger.ts";
import { NETWORK_TARGETS } from "./network.ts";
import { TEXT_TARGETS } from "./text.ts";

export const TARGETS: readonly FuzzTarget[] = [
  ...LEDGER_TARGETS,
  ...ANNOUNCEMENT_TARGETS,
  ...CHECKPOINT_TARGETS,
  ...DELIVERY_TARGETS,
  ...NETWORK_TARGETS,
  ...TEXT_TARGETS,
];
