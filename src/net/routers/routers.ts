/** Owns which routers of this computer may be asked for a port: the default ones by NAT-PMP, all that answer by UPnP. */
import { networkInterfaces } from "node:os";
import type { Clock } from "#ports/clock.ts";
import { pathKindOf } from "../addresses.ts";
import { UPNP_INTERFACES_MAX, UPNP_ROUTERS_MAX } from "../limits.ts";
import { defaultGateways } from "./default-gateway.ts";
import type { Router } from "./mapping.ts";
import { natPmpRouter } from "./nat-pmp.ts";
import { findUpnpRouters } from "./upnp.ts";

/** Empty where this computer stands behind none. Never rejects. */
export async function findRouters(clock: Clock, signal: AbortSignal): Promise<readonly Router[]> {
  const interfaces = privateAddresses();
  // Whoever has only addresses of the internet itself needs no port opened.
  if (interfaces.length === 0) return [];
  const [gateways, upnp] = await Promise.all([
    defaultGateways(),
    findUpnpRouters({ interfaces }, clock, signal),
  ]);
  const natPmp = gateways
    .filter(isNearby)
    .slice(0, UPNP_ROUTERS_MAX)
    .map((gateway) => natPmpRouter(clock, gateway));
  return [...upnp, ...natPmp];
}

function privateAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const usable = all.filter(
    ({ internal, family, address }) => !internal && family === "IPv4" && isNearby(address),
  );
  return usable.map(({ address }) => address).slice(0, UPNP_INTERFACES_MAX);
}

function isNearby(host: string): boolean {
  return pathKindOf(`/ip4/${host}/tcp/1`) === "lan";
}
