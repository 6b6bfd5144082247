/** Owns the command that looks for peers behind open ports. */
import type { ScanView } from "#api/views.ts";
import type { Outcome } from "../outcome.ts";
import { type Session, show } from "../session.ts";
import { tableText } from "../table.ts";
import { oneLine } from "../terminal-text.ts";
import { middleCut, plural } from "../words.ts";

/** Lines about ports where something else answered; all of them are in the JSON. */
const OTHERS_SHOWN = 10;

function scanText({ hosts, portsTried, tookMs, people, others }: ScanView, { terminal }: Session): string {
  const { columns, glyphs } = terminal;
  const seconds = (tookMs / 1000).toFixed(1);
  const looked = `${plural(portsTried, "port")} of ${plural(hosts, "computer")} in ${seconds} s`;
  const found =
    people.length === 0 ? `No peer found: ${looked}.` : `${plural(people.length, "peer")} found: ${looked}.`;
  const rows = people.map(({ person, address }) => [
    oneLine(person.name),
    address,
    middleCut(person.peerId, glyphs.ellipsis),
  ]);
  const more = others.length > OTHERS_SHOWN ? `, and ${others.length - OTHERS_SHOWN} more` : "";
  return [
    found,
    ...(rows.length === 0
      ? []
      : [tableText([["NAME", "ADDRESS", "PEER ID"], ...rows], columns, glyphs.ellipsis)]),
    ...(others.length === 0
      ? []
      : [`Something else answers at ${others.slice(0, OTHERS_SHOWN).join(", ")}${more}.`]),
  ].join("\n");
}

export async function scan(session: Session, target: string, ports: string | undefined): Promise<Outcome> {
  return show(session, await session.client.scan(target, ports), (report) =>
    session.terminal.print(scanText(report, session)),
  );
}
