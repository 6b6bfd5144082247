/** Owns the command `chain check`: the whole ledger of a stopped peer derived once more from its genesis. */

import { problem } from "#base/result.ts";
import type { CheckedFolder } from "#node/check-ledger.ts";
import { DONE, failed, type Outcome } from "../outcome.ts";
import type { Terminal } from "../terminal.ts";
import { oneLine } from "../terminal-text.ts";
import { plural } from "../words.ts";

interface CheckContext {
  readonly terminal: Terminal;
  readonly json: boolean;
}

export async function chainCheck(
  dataDir: string,
  networkFile: string | null,
  { terminal, json }: CheckContext,
): Promise<Outcome> {
  // Loaded here: the code of a peer takes long to load, and few commands need it.
  const { checkLedgerOf } = await import("#node/check-ledger.ts");
  const checked = await checkLedgerOf({ dataDir, networkFile }, (height, tipHeight) => {
    if (!json) terminal.live(`checking block ${height} of ${tipHeight}`);
  });
  if (!json) terminal.live(null);
  if (!checked.ok) return failed(checked.fault);
  if (json) terminal.printJson(checked.value);
  else terminal.print(checkText(checked.value));
  const { disagreement } = checked.value;
  if (disagreement === null) return DONE;
  const where = disagreement.height === null ? "" : ` at height ${disagreement.height}`;
  return failed(
    problem(
      "ledger-disagrees",
      `The ledger kept here is not what its blocks lead to${where}: ${disagreement.what}.`,
      "Start the peer: it mends what it finds. Should this come back, have the disk checked.",
    ),
  );
}

function checkText(check: CheckedFolder): string {
  const { network, file, blocks, headers, transactions, stateEntries, tipHeight, disagreement, otherFiles } =
    check;
  const lines = [`${oneLine(network)}, ${oneLine(file)}, tip at height ${tipHeight}`];
  if (otherFiles.length > 0) {
    lines.push(
      `Not looked at: ${otherFiles.join(", ")}, of another network. To check it, name its file with --network.`,
    );
  }
  if (disagreement !== null) return lines.join("\n");
  if (blocks > tipHeight) {
    lines.push(
      `${plural(blocks, "block")} with ${plural(transactions, "transaction")} derived from genesis; ` +
        `the state of ${plural(stateEntries, "entry", "entries")} agrees.`,
    );
  } else {
    lines.push(
      `${plural(headers + 1, "header")} checked from genesis; bodies were pruned, so the state was compared with the ` +
        "newest header and taken back as far as there are undo records. It agrees.",
    );
  }
  return lines.join("\n");
}
