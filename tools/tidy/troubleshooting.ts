/**
 * Owns docs/troubleshooting.md: a page for people, made from the doctor's own table, so that what the doctor says and
 * what the page explains cannot disagree. `npm run docs` writes it; a test compares it.
 */
import { CATALOGUE } from "../../src/doctor/catalogue.ts";
import type { Area } from "../../src/doctor/types.ts";

const AREAS: readonly (readonly [Area, string, string])[] = [
  ["person", "One person is not reached", "`waybill doctor BOB`, or *Why?* beside a person on the page."],
  [
    "discovery",
    "People nearby",
    "How peers on the same network find each other without being told anything.",
  ],
  ["interfaces", "Interfaces and addresses", "Which networks this computer is on."],
  ["listening", "What waits for others", "Ports of this peer, and who else holds them."],
  ["firewall", "Firewalls", "What this computer itself lets in. Routers on the way are not seen from here."],
  ["internet", "Routers and IPv6", "What lies between this network and others."],
  [
    "trackers",
    "Trackers and relays",
    "Servers of a group that introduce peers and carry what cannot go straight.",
  ],
  ["clock", "The clock", "Blocks and receipts carry times."],
  ["disk", "Disk and data folder", "Where what you receive is kept."],
  ["peer", "The peer itself", "Whether one is running."],
];

const LEVELS = { bad: "must be mended", warn: "warning", info: "note", ok: "in order" } as const;

export function renderTroubleshooting(): string {
  const sections = AREAS.map(([area, title, about]) => {
    const entries = Object.entries(CATALOGUE).filter(([, entry]) => entry.area === area);
    const rows = entries.map(([code, { level, title: name, means, advice }]) => {
      return `| \`${code}\`<br>${LEVELS[level]} | **${name}.** ${means} | ${advice ?? "Nothing."} |`;
    });
    return `\n## ${title}\n\n${about}\n\n| Code | What it means | What to do |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
  });
  return `${OPENING}${sections.join("")}`;
}

const OPENING = `# Troubleshooting

Ask the doctor first:

\`\`\`
waybill doctor          this peer, its computer and its network
waybill doctor bob      why bob is reached as he is, or not at all
\`\`\`

The same is on the page, under *Doctor*. It looks and changes nothing; it asks nobody outside but the trackers you
named and the peers you are connected to, and those for the time alone. Without a running peer it examines this
computer: disk, data folder, interfaces, routes, firewalls, and who holds the usual ports. With \`--json\` a script reads
the same findings. The exit code is 1 when a finding must be mended, 3 when a person is asked about and no peer runs,
else 0.

Each finding has a code, which never changes its meaning. This page explains them all; it is written from the doctor's
own table by \`npm run docs\`.

Some things cannot be seen from one computer: an access point that keeps its devices apart, a firewall at the other
side, a computer that sleeps. There the doctor says what was tried and how it ended, and what that usually means.

## In five questions

1. **Is Waybill running on both computers?** \`waybill status\` says so on each.
2. **Are both on the same network?** Compare the addresses in \`waybill status\`. On one network nothing more is needed.
3. **Can one be called by address?** \`waybill connect HOST:28411\` with an address of the other's status page. If that
   works and finding each other did not, the network keeps announcements from passing: a guest network, or devices kept
   apart.
4. **Is a firewall in between?** TCP and UDP port 28411 must be let in on at least one of the two.
5. **On different networks?** Then both name the same tracker: \`waybill trackers --add HOST\`.
`;
