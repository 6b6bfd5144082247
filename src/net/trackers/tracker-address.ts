/**
 * Owns how people name a tracker, and which multiaddr that means. Pure. A bare host is its port for peers; a URL is its
 * web port, over WebSocket, which also passes where only the web is let through.
 */
import { isIPv6 } from "node:net";
import type { PeerId } from "#base/brand.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import { addressOf, parseAddress, routeOf } from "../addresses.ts";
import { ADDRESS_TEXT_CHARS_MAX, TRACKER_PORT_DEFAULT } from "../limits.ts";

export interface TrackerAddress {
  /** As it was given, without spaces around it. */
  readonly text: string;
  /** Canonical multiaddr without `/p2p`; two names of one door are the same here. */
  readonly address: string;
  /** Whom the address names: nobody else is taken for it. Null when it names nobody. */
  readonly peer: PeerId | null;
  /** Name or IP address of its computer. */
  readonly host: string;
}

/** @param given `host[:port]`, `[v6]:port`, a multiaddr with or without `/p2p`, or `http(s)://host[:port]`. */
export function parseTrackerAddress(given: string): Result<TrackerAddress, Problem> {
  const text = given.trim();
  if (text.length === 0 || text.length > ADDRESS_TEXT_CHARS_MAX) return fail(notATracker(text));
  const meant = /^https?:\/\//i.test(text) ? ofUrl(text) : text.startsWith("/") ? text : ofHost(text);
  const parsed = meant === null ? null : parseAddress(meant);
  if (parsed?.ok !== true) {
    return fail(parsed?.fault.code === "address-link-local" ? parsed.fault : notATracker(text));
  }
  const route = routeOf(parsed.value.address);
  if (route === null || route.relay !== null) return fail(notATracker(text));
  return ok({ text, ...parsed.value, host: route.first.host });
}

/** The web port of a URL, as a multiaddr; nothing but the root may be named. */
function ofUrl(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "") return null;
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") return null;
  const isSecure = url.protocol === "https:";
  const port = url.port === "" ? (isSecure ? 443 : 80) : Number(url.port);
  const address = addressOf(url.hostname.replace(/^\[(.*)\]$/, "$1"), port);
  return address === null ? null : `${address}/${isSecure ? "wss" : "ws"}`;
}

function ofHost(text: string): string | null {
  const bare = text.replace(/^\[(.+)\]$/, "$1");
  const hasNoPort = isIPv6(bare) || !/:\d+$/.test(text);
  return hasNoPort ? addressOf(bare, TRACKER_PORT_DEFAULT) : text;
}

/** Where the tracker's computer answers STUN, as `host:port` of each of `ports`. */
export function stunServersOf(
  { host }: Pick<TrackerAddress, "host">,
  ports: readonly number[],
): readonly string[] {
  return ports.map((port) => (isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`));
}

function notATracker(text: string): Problem {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return problem(
    "tracker-malformed",
    `"${shown.replace(/[\p{Cc}\p{Cf}]/gu, "?")}" is not the address of a tracker.`,
    `Give HOST, HOST:PORT, a multiaddr, or the URL of its page, for example tracker.example or http://tracker.example:4748.`,
  );
}
