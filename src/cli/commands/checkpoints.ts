/** Owns the commands about co-signed checkpoints: who signs, what is final, a file of it, and the check of one. */
import type { CheckpointsView } from "#api/views.ts";
import { ok, problem } from "#base/result.ts";
import { failed, type Outcome } from "../outcome.ts";
import { type Session, show } from "../session.ts";
import { tableText } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { oneLine } from "../terminal-text.ts";
import { plural, timeText } from "../words.ts";
import { writeNew } from "./write-new.ts";

export async function showCheckpoints(session: Session): Promise<Outcome> {
  return show(session, await session.client.checkpoints(), (view) =>
    session.terminal.print(checkpointsText(view, session.terminal)),
  );
}

function checkpointsText(view: CheckpointsView, terminal: Terminal): string {
  if (!view.used) return "Nobody co-signs in this network: only work decides between branches.";
  const { needed, everyBlocks, signers, final, sought, waitsFor, problem: trouble } = view;
  const head = [
    `${plural(needed, "signature")} of ${signers.length} make a block final; every ${everyBlocks}th is signed.`,
    final === null
      ? "No block is final yet."
      : `Final: block ${final.height}, ${final.blockId}, co-signed by ${final.signed} of ${signers.length}.`,
    ...(sought === null ? [] : [`Block ${sought.height} is final elsewhere, and on its way here.`]),
  ];
  const rows = signers.map(({ name, peerId, mine, height, signedTwice }) => [
    `${name ?? peerId}${mine ? " (me)" : ""}`,
    height === null ? "has signed nothing yet" : `has signed up to block ${height}`,
    signedTwice ? "AND TWO BLOCKS OF ONE HEIGHT" : "",
  ]);
  const tail = [waitsFor, trouble].flatMap((each) =>
    each === null ? [] : [`${oneLine(each.cause)} ${oneLine(each.nextStep)}`],
  );
  return [...head, tableText(rows, Number.POSITIVE_INFINITY, terminal.glyphs.ellipsis), ...tail].join("\n");
}

export async function exportFile(session: Session, file: string, replaces: boolean): Promise<Outcome> {
  const answer = await session.client.checkpoints();
  if (!answer.ok) return failed(answer.fault);
  const { note, final, signers } = answer.value;
  if (note === null || final === null) {
    const cause = "No block is final here, so there is nothing to save.";
    return failed(problem("checkpoint-missing", cause, "Look again after some blocks: waybill checkpoint."));
  }
  const written = await writeNew(file, new TextEncoder().encode(note), replaces);
  if (!written.ok) return failed(written.fault);
  if (session.json) session.terminal.printJson({ file, ...final });
  else {
    session.terminal.print(
      `${oneLine(file)}: block ${final.height}, co-signed by ${final.signed} of ${signers.length}.`,
    );
  }
  return ok();
}

export async function verifyFile(
  file: string,
  networkFile: string | null,
  { terminal, json }: { readonly terminal: Terminal; readonly json: boolean },
): Promise<Outcome> {
  const { verifyCheckpointFile } = await import("#node/checkpoint-file.ts");
  const verdict = verifyCheckpointFile(file, networkFile);
  if (!verdict.ok) return failed(verdict.fault);
  const { network, height, blockId, signers, needed, of, isFinal } = verdict.value;
  if (json) terminal.printJson(verdict.value);
  else {
    const rows = signers.map(({ peerId, signedMs }) => [peerId, timeText(signedMs)]);
    terminal.print(
      [
        `Network ${oneLine(network)}, block ${height}, ${blockId}`,
        `Co-signed by ${signers.length} of ${of}; ${needed} make it final.`,
        tableText(rows, Number.POSITIVE_INFINITY, terminal.glyphs.ellipsis),
      ].join("\n"),
    );
  }
  if (isFinal) return ok();
  const cause = `${plural(signers.length, "signature")} of ${needed} needed: others may still sign another block.`;
  return failed(problem("checkpoint-not-final", cause, "Ask for a newer one."));
}
