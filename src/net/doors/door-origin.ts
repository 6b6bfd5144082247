/**
 * Owns where a connection comes from as limits see it: a network address, a relay, or a path that was punched after
 * one. Pure.
 */
import { type NetworkPlace, placeOf } from "./network-group.ts";

export type Origin =
  | { readonly via: "address"; readonly host: string; readonly place: NetworkPlace }
  /** Over the relay with this peer id. Where the caller itself sits is not known. */
  | { readonly via: "relay"; readonly relay: string }
  /** Straight, after a meeting over a relay; the caller is known by then. */
  | { readonly via: "punched" }
  /** Within one process. */
  | { readonly via: "memory" };

/** @param remote the other side's multiaddr, as text. */
export function originOf(remote: string): Origin {
  if (remote.includes("/webrtc")) return { via: "punched" };
  const relay = /\/p2p\/([^/]+)\/p2p-circuit/.exec(remote)?.[1];
  if (relay !== undefined) return { via: "relay", relay };
  const host = /^(?:\/ip6zone\/[^/]+)?\/ip[46]\/([^/]+)/.exec(remote)?.[1];
  const place = host === undefined ? null : placeOf(host);
  return host === undefined || place === null ? { via: "memory" } : { via: "address", host, place };
}

/** What is counted as one caller; null where nothing is counted. */
export function callerKeyOf(origin: Origin): string | null {
  if (origin.via === "address") return origin.place.address;
  if (origin.via === "relay") return `relay ${origin.relay}`;
  return origin.via === "punched" ? "punched" : null;
}

/** The IP address of the other side; null where the path hides it. */
export function hostOf(origin: Origin): string | null {
  return origin.via === "address" ? origin.host : null;
}
