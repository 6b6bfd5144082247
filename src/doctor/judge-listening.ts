/**
 * Owns the comparison of what waits for others: the peer's own list, what the system shows, and who else holds the
 * ports that Waybill uses. Pure.
 */
import type { Listening } from "#net/reach.ts";
import { finding } from "./catalogue.ts";
import type { Detail, Finding, SocketSeen, SocketsSeen, UsualPort } from "./types.ts";

/** Who lets others in: anybody, nobody on a port of its own, or nobody at all. */
export type DoorMode = "open" | "outbound-only" | "no-inbound";

export interface ListeningContext {
  readonly listed: readonly Listening[];
  readonly mode: DoorMode;
  readonly usual: readonly UsualPort[];
}

/** For a running peer, examined from inside its own process. */
export function judgeListening(seen: SocketsSeen | null, context: ListeningContext): readonly Finding[] {
  const { listed, mode } = context;
  const details = listed.map(listedDetail);
  const letsPeersIn = listed.some(({ transport, what }) => transport === "tcp" && what !== PAGE);
  const findings: Finding[] = [];
  if (mode !== "open") {
    findings.push(finding("listening-outbound-only", { cause: MODES[mode], details }));
  } else if (!letsPeersIn) findings.push(finding("listening-nothing", { details }));
  if (seen === null) return [...findings, finding("listening-unchecked", { details })];
  const own = seen.waiting.filter(({ inode }) => seen.own.has(inode));
  const beyond = own.filter((socket) => !listed.some((each) => isOf(socket, each)));
  const missing = listed.filter((each) => !isRange(each) && !own.some((socket) => isOf(socket, each)));
  if (beyond.length > 0) {
    findings.push(finding("listening-beyond-list", { details: beyond.map(socketDetail) }));
  }
  if (missing.length > 0) findings.push(finding("listening-missing", { details: missing.map(listedDetail) }));
  if (beyond.length + missing.length === 0) findings.push(finding("listening-as-listed", { details }));
  return [...findings, ...judgePorts(seen, context.usual, seen.own)];
}

/** UDP sockets of our own that are not listed: perhaps a question to a router or tracker, open for seconds. */
export function hasPassing(seen: SocketsSeen | null, listed: readonly Listening[]): boolean {
  return (seen?.waiting ?? []).some(
    (socket) =>
      socket.transport === "udp" &&
      seen?.own.has(socket.inode) === true &&
      !listed.some((each) => isOf(socket, each)),
  );
}

/** What of our own was there at both looks; of others what there is now. */
export function lasting(first: SocketsSeen | null, second: SocketsSeen | null): SocketsSeen | null {
  if (first === null || second === null) return second;
  return {
    ...second,
    waiting: second.waiting.filter(({ inode }) => first.own.has(inode) || !second.own.has(inode)),
  };
}

/** What the page of a peer is called in its list. */
export const PAGE = "page and commands of this computer";

const MODES: Readonly<Record<Exclude<DoorMode, "open">, string>> = {
  "outbound-only": "It was told to open no port: others reach it only over a relay that it called itself.",
  "no-inbound": "It was told to take no connection that others begin, over a relay neither.",
};

/** Usual ports that somebody else holds; also without a running peer. */
export function judgePorts(
  seen: SocketsSeen | null,
  usual: readonly UsualPort[],
  own: ReadonlySet<string> = new Set(),
): readonly Finding[] {
  if (seen === null) return [];
  const held = usual.flatMap((port) => {
    const at = seen.waiting.filter(
      (socket) => socket.transport === port.transport && socket.port === port.port,
    );
    // Ours as well: UDP ports that are shared on purpose.
    if (at.some(({ inode }) => own.has(inode))) return [];
    const by = [...new Set(at.map(({ inode }) => holderText(inode, seen)))].join(", ");
    return at.length === 0 ? [] : [{ ...port, by }];
  });
  if (held.length === 0) return own.size === 0 ? [finding("port-free")] : [];
  const list = held.map(({ transport, port, by }) => `${transport.toUpperCase()} port ${port} by ${by}`);
  return [
    finding("port-held", {
      cause: `Held outside of this peer: ${list.join("; ")}. A TCP port that is taken is stepped over.`,
      details: held.map(({ transport, port, what, by }) => ({
        label: `${transport.toUpperCase()} ${port}`,
        value: `${what}: held by ${by}`,
      })),
    }),
  ];
}

function holderText(inode: string, { holders }: SocketsSeen): string {
  const holder = holders.get(inode);
  return holder === undefined ? "a program of another user" : `${holder.name} (process ${holder.pid})`;
}

function listedDetail({ transport, address, what }: Listening): Detail {
  return { label: `${transport.toUpperCase()} ${address}`, value: what };
}

function socketDetail({ transport, host, port }: SocketSeen): Detail {
  const shown = host.includes(":") ? `[${host}]` : host;
  return { label: `${transport.toUpperCase()} ${shown}:${port}`, value: "open, and not in the list" };
}

interface ListedPlace {
  readonly host: string;
  readonly from: number;
  readonly to: number;
}

/** `host:port`, or `host:from-to` where the system chooses among ports. */
function placeOf({ address }: Listening): ListedPlace | null {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)(?:-(\d+))?$/.exec(address);
  if (match === null) return null;
  const from = Number(match[3]);
  return { host: match[1] ?? match[2] ?? "", from, to: Number(match[4] ?? from) };
}

function isRange(listed: Listening): boolean {
  const place = placeOf(listed);
  return place === null || place.from !== place.to;
}

const ANY_4 = "0.0.0.0";
const ANY_6 = "::";

function isOf(socket: SocketSeen, listed: Listening): boolean {
  const place = placeOf(listed);
  if (place === null || socket.transport !== listed.transport) return false;
  if (socket.port < place.from || socket.port > place.to) return false;
  if (place.host === socket.host) return true;
  // A range is opened for both families at once, or for the one that there is.
  if (place.from !== place.to && place.host === ANY_6) return true;
  return place.host === (socket.host.includes(":") ? ANY_6 : ANY_4);
}
