/**
 * Owns the start of a host on ports that were free a moment ago: peers started together find the same port free,
 * and all but one of them must look again.
 */
import { addressOf, endpointOf, withoutPeer } from "../addresses.ts";
import { LISTEN_TRIES_MAX } from "../limits.ts";
import { type ListenPlan, planListening } from "./listen.ts";

/** The slice of a host that tells where it listens. */
export interface Listener {
  getMultiaddrs(): readonly { toString(): string }[];
  stop(): void | Promise<void>;
}

export interface Listening<Host extends Listener> {
  readonly host: Host;
  readonly plan: ListenPlan;
}

/** @param start starts a host that leaves out addresses it cannot listen on. */
export async function startListening<Host extends Listener>(
  asked: readonly string[] | undefined,
  start: (addresses: readonly string[]) => Promise<Host>,
): Promise<Listening<Host>> {
  for (let time = 1; ; time++) {
    const plan = await planListening(asked);
    const host = await start(plan.addresses);
    const got = host.getMultiaddrs().map((address) => withoutPeer(address.toString()));
    if (time === LISTEN_TRIES_MAX || plan.addresses.every((wanted) => isAmong(wanted, got))) {
      return { host, plan };
    }
    await host.stop();
  }
}

/** Whether an address asked for, which may be unspecified or of port 0, is among those listened on. */
export function isAmong(wanted: string, got: readonly string[]): boolean {
  const asked = endpointOf(wanted);
  return got.map(endpointOf).some((endpoint) => {
    if (asked === null || endpoint === null || asked.kind !== endpoint.kind) return false;
    const isHost = asked.host === "0.0.0.0" || asked.host === "::" || isSameHost(asked.host, endpoint.host);
    return isHost && (asked.port === 0 || asked.port === endpoint.port);
  });
}

function isSameHost(a: string, b: string): boolean {
  return addressOf(a, 1) === addressOf(b, 1);
}
