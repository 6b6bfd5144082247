/**
 * Owns the check of a data folder's ledger while no peer uses it: holds the folder, opens the file as it is, and has
 * everything derived anew (`chain/self-check.ts`). Repairs nothing: what it finds, the next start mends.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import { checkLedger, type LedgerCheck } from "#chain/index.ts";
import { blockSchema, diskBlocks } from "#storage/disk/blocks.ts";
import { Database } from "#storage/disk/database.ts";
import { holdDataFolder } from "./data-folder.ts";
import { openNetworkFile } from "./network-file.ts";

export type { Disagreement, LedgerCheck } from "#chain/index.ts";

export interface CheckedFolder extends LedgerCheck {
  readonly network: string;
  readonly file: string;
  /** Ledgers of other networks in the same folder, which were not looked at. */
  readonly otherFiles: readonly string[];
}

const LEDGER_FILE = /^ledger-[0-9a-f]{16}\.db$/;
/** How far it is is told about this often. */
const TOLD_EVERY_BLOCKS = 64;

/** @param onProgress told now and then of the height reached, and that of the tip. */
export async function checkLedgerOf(
  options: { readonly dataDir: string; readonly networkFile: string | null },
  onProgress: (height: number, tipHeight: number) => void,
): Promise<Result<CheckedFolder, Problem>> {
  const network = openNetworkFile(options.networkFile);
  if (!network.ok) return network;
  const file = `ledger-${network.value.chainIdHex.slice(0, 16)}.db`;
  const path = join(options.dataDir, file);
  if (!existsSync(path)) {
    return fail(
      problem(
        "ledger-absent",
        `The data folder ${options.dataDir} holds no ledger of the network ${network.value.params.name}.`,
        "Name the folder with --data and the network with --network, as for waybill start.",
      ),
    );
  }
  const folder = holdDataFolder(options.dataDir);
  if (!folder.ok) return fail(folder.fault.code === "data-folder-in-use" ? inUse() : folder.fault);
  try {
    const database = new Database(path, [blockSchema]);
    try {
      // The store drops a body that it finds damaged: left as it is, a second check finds the same.
      database.sql.exec("PRAGMA query_only = ON");
      const check = await checkLedger(network.value, diskBlocks(database), {
        progress: async (height, tipHeight) => {
          if (height % TOLD_EVERY_BLOCKS === 0) onProgress(height, tipHeight);
        },
      });
      const otherFiles = readdirSync(options.dataDir).filter(
        (name) => LEDGER_FILE.test(name) && name !== file,
      );
      return ok({ ...check, network: network.value.params.name, file, otherFiles });
    } finally {
      database.close();
    }
  } catch (error) {
    return fail(
      problem(
        "ledger-unreadable",
        `The file ${file} cannot be opened (${error instanceof Error ? error.message : String(error)}).`,
        "Start the peer: it sets a damaged file aside, uses what is sound in it, and fetches the rest.",
      ),
    );
  } finally {
    folder.value.lock.release();
  }
}

function inUse(): Problem {
  return problem(
    "data-folder-in-use",
    "A peer is running on this data folder: its ledger changes while one looks.",
    "Stop the peer, check, and start it again.",
  );
}
