/** Owns what a person is told about why a path is relayed or punched, and not straight. Pure. */
import { type Problem, problem } from "#base/result.ts";
import type { PathKind } from "#ports/network.ts";
import type { NatKind } from "../reach.ts";

export interface PathSituation {
  readonly path: PathKind;
  /** How often a better path was looked for without finding one. */
  readonly failures: number;
  /** How the last attempt to punch went; null when none failed. */
  readonly lastPunch: Problem | null;
  /** Why nothing can be punched on this computer; null when it can. */
  readonly punching: Problem | null;
  readonly nat: NatKind;
}

/** Null where there is nothing to say: the path is straight. */
export function pathReason(situation: PathSituation): Problem | null {
  if (situation.path === "punched") return PUNCHED;
  if (situation.path !== "relayed") return null;
  if (situation.failures === 0) return SEARCHING;
  if (situation.punching !== null) return situation.punching;
  const tries = situation.failures === 1 ? "one try" : `${situation.failures} tries`;
  switch (situation.nat) {
    case "udp-blocked":
      return problem(
        "udp-blocked",
        `This network lets no UDP out, which a path through routers needs; no straight address answered in ${tries}.`,
        `Ask whoever runs the firewall to let UDP out, or ${FORWARD}`,
      );
    case "endpoint-dependent":
      return problem(
        "nat-random-ports",
        `The router here gives every destination another port, so that others do not find the way in (${tries}).`,
        `To have a straight path, ${FORWARD}`,
      );
    default:
      return problem(
        "no-better-path",
        `No straight path was found in ${tries}: perhaps the other router gives every destination another port, or UDP is blocked on the way.${last(situation.lastPunch)}`,
        `It is tried again by itself. To have a straight path, ${FORWARD}`,
      );
  }
}

const FORWARD =
  "forward TCP port 28411 to one of the two computers, or turn on UPnP in its router: one open side is enough.";

const PUNCHED = problem(
  "path-punched",
  "It goes straight, through routers that were brought to let it pass: no address of the other side had answered by then.",
  "Nothing to do.",
);

const SEARCHING = problem(
  "path-searching",
  "A straight path is being looked for; until it stands, a relay passes on what it cannot read.",
  "Nothing to do: the better path is taken as soon as it stands.",
);

function last(problem: Problem | null): string {
  return problem === null ? "" : ` The last try: ${problem.cause}`;
}
