/**
 * Owns which cells the table has, and in which of them a path without a relay has to come about: where both routers
 * keep ports, where one side lets UDP in, where one side is public, and where nothing stands between.
 */
import { type Outbound, ROUTER_KINDS, type RouterKind } from "../kit/nat-lab.ts";
import type { CellPlan } from "./cell.ts";

const TRACKER: CellPlan["tracker"] = { flags: [], by: (address) => address };
/** All that a tracker does over the one port that strict firewalls leave open. */
const WEB_TRACKER: CellPlan["tracker"] = {
  flags: ["--web-port", "443"],
  by: (address) => `http://${address}:443`,
};

function canBeStraight(one: RouterKind, other: RouterKind): boolean {
  const kinds = [one, other];
  if (kinds.includes("none") || kinds.includes("forwarding")) return true;
  return !kinds.includes("random-ports");
}

export const MATRIX: readonly CellPlan[] = ROUTER_KINDS.flatMap((one) =>
  ROUTER_KINDS.map((other) => ({
    name: `${one} / ${other}`,
    families: [4],
    place: [{ router: one }, { router: other }],
    straight: canBeStraight(one, other),
    tracker: TRACKER,
  })),
);

function behindFirewalls(one: Outbound, other: Outbound): CellPlan["place"] {
  return [
    { router: "port-preserving", outbound: one },
    { router: "port-preserving", outbound: other },
  ];
}

export const VARIANTS: readonly CellPlan[] = [
  {
    name: "UDP blocked on one side",
    families: [4],
    place: behindFirewalls("no-udp", "all"),
    straight: false,
    tracker: TRACKER,
  },
  {
    name: "UDP blocked on both sides",
    families: [4],
    place: behindFirewalls("no-udp", "no-udp"),
    straight: false,
    tracker: TRACKER,
  },
  {
    name: "only TCP 443 leaves, on both sides",
    families: [4],
    place: behindFirewalls("only-tcp-443", "only-tcp-443"),
    straight: false,
    tracker: WEB_TRACKER,
  },
  {
    name: "IPv6 alone, firewalls on both sides",
    families: [6],
    place: [{ router: "port-preserving" }, { router: "port-preserving" }],
    straight: true,
    tracker: { flags: [], by: (address) => `[${address}]` },
  },
  {
    name: "IPv4 and IPv6, random ports on IPv4",
    families: [4, 6],
    place: [{ router: "random-ports" }, { router: "random-ports" }],
    straight: true,
    tracker: TRACKER,
  },
  {
    name: "two subnets of one building",
    families: [4],
    place: "building",
    straight: true,
    tracker: TRACKER,
  },
];
