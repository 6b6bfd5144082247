/**
 * Owns the slip as the terminal shows it: who to whom, what, when, and below it what has been signed and stamped.
 * Pure; texts of others are made safe here.
 */
import type { SlipView } from "#api/views.ts";
import { MESSAGE_LINES_MAX } from "./limits.ts";
import type { Terminal } from "./terminal.ts";
import { cutTo, displayWidth, oneLine, padTo, safeLines } from "./terminal-text.ts";
import { durationText, plural, shortId, sizeText, timeText } from "./words.ts";

const CARD_COLUMNS_MAX = 72;
const BAR_COLUMNS = 24;

/** The part of the terminal that drawing needs. */
export type Paper = Pick<Terminal, "columns" | "glyphs" | "style">;

const SIGNED = new Set<SlipView["state"]>(["delivered", "receipted", "anchored"]);
const ENDED = new Set<SlipView["state"]>(["declined", "cancelled", "failed"]);

export function direction(slip: SlipView, paper: Paper): string {
  const other = oneLine(slip.peerName);
  const { arrow } = paper.glyphs;
  return slip.direction === "out" ? `me ${arrow} ${other}` : `${other} ${arrow} me`;
}

/** What it is, in a few words: the title and size of files, the first line of a message. */
export function contents(slip: SlipView, paper: Paper): string {
  const { separator } = paper.glyphs;
  if (slip.kind === "message") return oneLine(slip.text ?? "");
  return [oneLine(slip.title ?? ""), plural(slip.fileCount, "file"), sizeText(slip.bytes)].join(separator);
}

function percent(done: number, total: number): number {
  return total === 0 ? 100 : Math.floor((done / total) * 100);
}

/** `████████░░░░ 43 % · 1.03 GB of 2.4 GB · 41.0 MB/s · 0:33 left`; `null` when nothing moves. */
export function progressText(slip: SlipView, paper: Paper): string | null {
  const { progress } = slip;
  if (progress === null || SIGNED.has(slip.state)) return null;
  const { bytesDone, bytesTotal, bytesPerSecond, resumedFromBytes } = progress;
  const { barFull, barEmpty, separator } = paper.glyphs;
  const full = bytesTotal === 0 ? BAR_COLUMNS : Math.floor((bytesDone / bytesTotal) * BAR_COLUMNS);
  const parts = [`${percent(bytesDone, bytesTotal)} %`, `${sizeText(bytesDone)} of ${sizeText(bytesTotal)}`];
  if (bytesPerSecond > 0) {
    parts.push(`${sizeText(Math.round(bytesPerSecond))}/s`);
    parts.push(`${durationText((bytesTotal - bytesDone) / bytesPerSecond)} left`);
  }
  if (resumedFromBytes > 0) parts.push(`resumed at ${sizeText(resumedFromBytes)}`);
  return `${barFull.repeat(full)}${barEmpty.repeat(BAR_COLUMNS - full)} ${parts.join(separator)}`;
}

function signatures(slip: SlipView, paper: Paper): readonly string[] {
  const { glyphs, style } = paper;
  const sender = slip.direction === "out" ? "me" : oneLine(slip.peerName);
  const receiver = slip.direction === "out" ? oneLine(slip.peerName) : "me";
  const line = (label: string, done: boolean, words: string) =>
    `${padTo(label, 9)}${done ? style(glyphs.check, "good") : glyphs.dot} ${words}`;
  const signed = SIGNED.has(slip.state);
  const when = slip.deliveredMs === null ? "" : `, ${timeText(slip.deliveredMs)}`;
  const lines = [
    line("Sent", true, `signed by ${sender}`),
    line(
      "Received",
      signed,
      signed ? `signed by ${receiver}${when}` : ENDED.has(slip.state) ? "no" : "not yet",
    ),
  ];
  if (slip.state === "anchored" && slip.anchor !== null) {
    const { height, confirmations } = slip.anchor;
    const words = `block ${height ?? "?"}, ${plural(confirmations, "confirmation")}`;
    lines.push(`${padTo("Ledger", 9)}${style(`${glyphs.stamp} ${words}`, "stamp")}`);
  } else if (signed) lines.push(line("Ledger", false, "waits for a block"));
  return lines;
}

function widthOf(paper: Paper): number {
  return Math.max(32, Math.min(CARD_COLUMNS_MAX, paper.columns));
}

/** Whole slips one below the other, a perforated edge between them, without a line break at the end. */
export function slipCards(slips: readonly SlipView[], paper: Paper): string {
  const { perforation } = paper.glyphs;
  const edge = paper.style(perforation.repeat(Math.floor(widthOf(paper) / perforation.length)), "faint");
  return [edge, ...slips.flatMap((slip) => [slipCard(slip, paper), edge])].join("\n");
}

function slipCard(slip: SlipView, paper: Paper): string {
  const { glyphs, style } = paper;
  const width = widthOf(paper);
  const row = (left: string, right: string) => {
    const room = width - displayWidth(right) - 3;
    return ` ${padTo(cutTo(left, room, glyphs.ellipsis), room)} ${right}`;
  };
  const lines = [row(direction(slip, paper), timeText(slip.createdMs))];
  if (slip.kind === "files") lines.push(row(contents(slip, paper), shortId(slip.id)));
  else {
    const text = safeLines(slip.text ?? "");
    lines.push(...text.slice(0, MESSAGE_LINES_MAX).map((line) => `   ${line}`));
    if (text.length > MESSAGE_LINES_MAX) lines.push(`   ${glyphs.ellipsis}`);
    lines.push(row("", shortId(slip.id)));
  }
  lines.push(...signatures(slip, paper).map((line) => ` ${line}`));
  const progress = progressText(slip, paper);
  if (progress !== null) lines.push(cutTo(` ${progress}`, Math.max(width, paper.columns), glyphs.ellipsis));
  if (slip.savedTo !== null) lines.push(` Saved in ${oneLine(slip.savedTo)}`);
  if (slip.reason !== null) {
    lines.push(` ${style(`${slip.state}:`, "strong")} ${oneLine(slip.reason.cause)}`);
    lines.push(`   ${oneLine(slip.reason.nextStep)}`);
  }
  return lines.join("\n");
}
