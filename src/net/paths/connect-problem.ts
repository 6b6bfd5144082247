/** Owns what a person is told when an address is not called at all. Pure. */
import { type Problem, problem } from "#base/result.ts";

export function ownAddress(): Problem {
  return problem(
    "address-own",
    "This is the address of this very peer.",
    "Give the address of the other one.",
  );
}

export function keptOut(): Problem {
  return problem(
    "kept-out",
    "The lists of this peer's doors keep that peer or address out.",
    "Change them with: waybill doors",
  );
}

export function refused(): Problem {
  return problem(
    "peer-refused",
    "The peer is blocked here, or misbehaved lately.",
    "Unblock it, or wait a while.",
  );
}

/** What trying again would not change. */
export function isFinal(why: Problem): boolean {
  return why.code === "address-own" || why.code === "peer-refused" || why.code === "kept-out";
}
