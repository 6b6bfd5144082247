/** Owns which network a peer joins: the genesis file that the user names, or the one that comes with Waybill. */
import { readFileSync, statSync } from "node:fs";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import { loadNetwork } from "#ledger/genesis.ts";
import type { Network } from "#ledger/params.ts";
import { GENESIS_FILE_BYTES_MAX } from "./limits.ts";

const OURS = new URL("../../networks/default.json", import.meta.url);

export function openNetworkFile(path: string | null): Result<Network, Problem> {
  const text = readGenesis(path ?? OURS);
  if (!text.ok) return text;
  const network = loadNetwork(text.value);
  if (network.ok) return ok(network.value);
  return fail(
    problem(
      "network-file-refused",
      `The network file is not a genesis that Waybill accepts: ${network.fault.cause}.`,
      "Ask whoever runs the network for the file once more, and do not edit it: every field is part of its name.",
    ),
  );
}

const SHIPPED = ["default", "classroom", "internet"] as const;

/** The networks that come with Waybill. One that cannot be read is left out: it only gives others a name. */
export function loadShippedNetworks(): readonly Network[] {
  return SHIPPED.flatMap((kind) => {
    const text = readGenesis(new URL(`../../networks/${kind}.json`, import.meta.url));
    const network = text.ok ? loadNetwork(text.value) : text;
    return network.ok ? [network.value] : [];
  });
}

function readGenesis(path: string | URL): Result<string, Problem> {
  try {
    if (statSync(path).size > GENESIS_FILE_BYTES_MAX) {
      return fail(
        problem(
          "network-file-refused",
          `The network file is larger than ${GENESIS_FILE_BYTES_MAX} bytes.`,
          "Name the network's file; it is much smaller.",
        ),
      );
    }
    return ok(readFileSync(path, "utf8"));
  } catch (error) {
    return fail(
      problem(
        "network-file-unreadable",
        `The network file cannot be read (${error instanceof Error ? error.message : String(error)}).`,
        "Name the network's file, one that exists and that you may read.",
      ),
    );
  }
}
