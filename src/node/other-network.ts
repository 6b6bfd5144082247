/** Owns the words for a peer whose ledger is another: of which network it is, where that is known, and of which ours. */
import { type Problem, problem } from "#base/result.ts";
import { loadShippedNetworks } from "./network-file.ts";

const SHOWN_DIGITS = 12;

/** Names the networks that come with Waybill, and ours; of others the beginning of the chain id. */
export function otherNetworkWords(ours: {
  readonly name: string;
  readonly chainIdHex: string;
}): (theirs: string) => Problem {
  const names = new Map(loadShippedNetworks().map(({ chainIdHex, params }) => [chainIdHex, params.name]));
  const shown = (name: string | undefined, chainIdHex: string) =>
    name === undefined
      ? `${chainIdHex.slice(0, SHOWN_DIGITS)}…`
      : `${name} (${chainIdHex.slice(0, SHOWN_DIGITS)}…)`;
  return (theirs) =>
    problem(
      "other-network",
      `Of another network: this peer stands on ${shown(names.get(theirs), theirs)}, and we on ${shown(ours.name, ours.chainIdHex)}.`,
      "Messages and files work; for a common ledger start both peers with the same --network file.",
    );
}
