/** Owns how findings are ordered into areas and which word and sign a level bears. Pure. */
import type { DoctorView, FindingView } from "#api/views.ts";
import { countOf } from "../look/format.ts";
import type { SignName } from "../shell/sign.tsx";

type Level = FindingView["level"];
type Area = FindingView["area"];

export const LEVEL_WORDS: Readonly<
  Record<Level, { readonly word: string; readonly sign: SignName; readonly tone: string }>
> = {
  bad: { word: "in the way", sign: "cross", tone: "bad" },
  warn: { word: "to mend", sign: "alert", tone: "waiting" },
  info: { word: "to know", sign: "info", tone: "quiet" },
  ok: { word: "fine", sign: "check", tone: "good" },
};

export const AREA_WORDS: Readonly<Record<Area, string>> = {
  peer: "Your peer",
  interfaces: "Network interfaces",
  listening: "Open ports",
  firewall: "Firewall",
  discovery: "Finding others nearby",
  internet: "The way outside",
  trackers: "Trackers",
  clock: "Clock",
  disk: "Disk",
  person: "This person",
};

/** By area; areas and the findings in them stay in the order in which they came, the most serious first. */
export function byArea(
  findings: readonly FindingView[],
): readonly { readonly area: Area; readonly findings: readonly FindingView[] }[] {
  const areas = Map.groupBy(findings, ({ area }) => area);
  return [...areas].map(([area, own]) => ({ area, findings: own }));
}

/** The whole report in a sentence. */
export function summaryOf({ findings, person }: DoctorView): string {
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const [bad, warn] = [count("bad"), count("warn")];
  if (bad + warn === 0) {
    if (person === null) return "Nothing stands in the way.";
    return person.online
      ? `${person.name} is reached.`
      : `Nothing on this side keeps you from ${person.name}.`;
  }
  const parts = [
    ...(bad > 0 ? [countOf(bad, "thing stands in the way", "things stand in the way")] : []),
    ...(warn > 0 ? [countOf(warn, "thing to mend", "things to mend")] : []),
  ];
  return `${parts.join(", ")}.`;
}
