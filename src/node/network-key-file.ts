/** Owns the file that holds the key of a private network: how it is made, and how it is read. */
import { readFileSync, statSync } from "node:fs";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import {
  decodeNetworkKey,
  encodeNetworkKey,
  makeNetworkKey,
  type NetworkKey,
} from "#net/doors/network-key.ts";
import type { Random } from "#ports/random.ts";
import { writeNewDurably } from "./durable-file.ts";
import { NETWORK_KEY_FILE_BYTES_MAX } from "./limits.ts";

/** A fresh key in a file of its own, for its owner alone; a file that is there already is left as it is. */
export function makeNetworkKeyFile(path: string, random: Random): Result<undefined, Problem> {
  try {
    writeNewDurably(path, encodeNetworkKey(makeNetworkKey(random)), 0o600);
    return ok();
  } catch (error) {
    const isThere = error instanceof Error && "code" in error && error.code === "EEXIST";
    return fail(
      problem(
        "network-key-not-written",
        isThere
          ? `${path} exists already, and a key is never written over.`
          : `The key could not be written (${error instanceof Error ? error.message : String(error)}).`,
        "Name another file.",
      ),
    );
  }
}

export function readNetworkKeyFile(path: string): Result<NetworkKey, Problem> {
  try {
    if (statSync(path).size > NETWORK_KEY_FILE_BYTES_MAX) return decodeNetworkKey("");
    return decodeNetworkKey(readFileSync(path, "utf8"));
  } catch (error) {
    return fail(
      problem(
        "network-key-unreadable",
        `The network key cannot be read (${error instanceof Error ? error.message : String(error)}).`,
        "See that --network-key names a file that you may read.",
      ),
    );
  }
}
