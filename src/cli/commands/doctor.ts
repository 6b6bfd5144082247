/** Owns the command `doctor`: asks the running peer, or examines this computer where none runs. */
import type { DoctorView, FindingView } from "#api/views.ts";
import { ok, problem } from "#base/result.ts";
import { failed, type Outcome } from "../outcome.ts";
import { findPeer } from "../session.ts";
import type { Style, Terminal } from "../terminal.ts";
import { displayWidth, oneLine, padTo } from "../terminal-text.ts";
import { plural } from "../words.ts";

interface DoctorContext {
  readonly terminal: Terminal;
  readonly json: boolean;
}

/** @param who null: this peer as a whole. */
export async function doctor(dataDir: string, who: string | null, context: DoctorContext): Promise<Outcome> {
  const seen = await examine(dataDir, who);
  if (!seen.ok) return seen;
  const { terminal, json } = context;
  if (json) terminal.printJson(seen.value);
  else terminal.print(doctorText(seen.value, terminal));
  const bad = seen.value.findings.filter(({ level }) => level === "bad").length;
  if (bad === 0) return ok();
  return failed(
    problem("doctor-bad", `${plural(bad, "finding")} cannot stay so.`, "Do what stands first in the list."),
  );
}

async function examine(dataDir: string, who: string | null): Promise<Outcome<DoctorView>> {
  const peer = await findPeer(dataDir);
  if (!peer.ok) {
    // About a person only a running peer knows something.
    return who === null ? ok(await withoutPeer(dataDir, "not-running")) : peer;
  }
  const answer = await (who === null ? peer.value.doctor() : peer.value.doctorPerson(who));
  if (answer.ok) return answer;
  if (who !== null || answer.fault.code !== "peer-unreachable") return failed(answer.fault);
  return ok(await withoutPeer(dataDir, "not-answering"));
}

async function withoutPeer(dataDir: string, why: "not-running" | "not-answering"): Promise<DoctorView> {
  // Loaded here: a running peer examines by itself, and the code of a peer takes long to load.
  const { examineComputer } = await import("#node/doctor-actions.ts");
  return await examineComputer(dataDir, why);
}

const WORDS: Readonly<Record<FindingView["level"], string>> = {
  bad: "BAD",
  warn: "warning",
  info: "note",
  ok: "ok",
};

function signOf(level: FindingView["level"], { glyphs, style }: Terminal): string {
  const styles: Readonly<Record<FindingView["level"], Style>> = {
    bad: "bad",
    warn: "stamp",
    info: "faint",
    ok: "good",
  };
  const sign = level === "ok" ? glyphs.check : level === "info" ? glyphs.dot : glyphs.cross;
  return style(padTo(`${sign} ${WORDS[level]}`, SIGN_COLUMNS), styles[level]);
}

const SIGN_COLUMNS = 11;
const INDENT = " ".repeat(SIGN_COLUMNS);

/** Serious findings in full; what is as it should be, on one line each. */
function doctorText(view: DoctorView, terminal: Terminal): string {
  const { person, findings } = view;
  const isBrief = person === null;
  const blocks = findings.map((each) => findingLines(each, isBrief, terminal));
  const head =
    person === null ? [] : [`${terminal.style(oneLine(person.name), "strong")} (${person.peerId})`, ""];
  return [...head, ...blocks.flat(), "", summaryOf(findings)].join("\n");
}

function findingLines(each: FindingView, isBrief: boolean, terminal: Terminal): readonly string[] {
  const { level, title, cause, nextStep, details, code } = each;
  const first = `${signOf(level, terminal)}${terminal.style(oneLine(title), "strong")}  ${terminal.style(code, "faint")}`;
  const rows = [
    ...wrap(oneLine(cause), terminal),
    ...(nextStep === null ? [] : wrap(`${terminal.glyphs.arrow} ${oneLine(nextStep)}`, terminal)),
  ];
  // What is in order is looked up, not read.
  const isShort = isBrief && level === "ok";
  const width = Math.max(0, ...details.map(({ label }) => displayWidth(oneLine(label))));
  const facts = details.map(({ label, value }) => `  ${padTo(oneLine(label), width)}  ${oneLine(value)}`);
  return [
    first,
    ...[...(isShort ? rows.slice(0, 1) : rows), ...(isShort ? [] : facts)].map((row) => INDENT + row),
  ];
}

function wrap(text: string, terminal: Terminal): readonly string[] {
  const room = Math.max(40, terminal.columns - SIGN_COLUMNS);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && displayWidth(line) + 1 + displayWidth(word) > room) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function summaryOf(findings: readonly FindingView[]): string {
  const count = (level: FindingView["level"]) => findings.filter((each) => each.level === level).length;
  return `${plural(count("bad"), "thing")} bad, ${plural(count("warn"), "warning")}, ${plural(count("info"), "note")}, ${count("ok")} in order. Each code is explained in docs/troubleshooting.md.`;
}
