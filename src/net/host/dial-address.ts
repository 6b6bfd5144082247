/**
 * Owns dialling one address, whoever is connected already. libp2p's own dial queue tries addresses one after the
 * other and joins dials of one peer into one, which would make a dead address cost its whole timeout, and a second
 * path beside a first impossible (decision 0035). The gate is asked as the queue would ask it.
 */
import type { Connection } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import { multiaddr } from "@multiformats/multiaddr";
import type { PeerId } from "#base/brand.ts";
import type { HostInternals } from "./host-internals.ts";

/**
 * @param address multiaddr without `/p2p` of the peer.
 * @param peer whom it must be; null: whoever is there.
 * @throws what libp2p throws; `dial-problem.ts` puts it into words.
 */
export async function dialAddress(
  internals: HostInternals,
  address: string,
  peer: PeerId | null,
  signal: AbortSignal,
): Promise<Connection> {
  const { connectionGater, transportManager } = internals.components();
  const target = multiaddr(peer === null ? address : `${address}/p2p/${peer}`);
  const isDenied =
    (peer !== null && (await connectionGater.denyDialPeer?.(peerIdFromString(peer))) === true) ||
    (await connectionGater.denyDialMultiaddr?.(target)) === true;
  if (isDenied) throw new Error("denied by the gate");
  const connection = await transportManager.dial(target, { signal });
  if (connection.status !== "open") throw new Error("closed at once");
  return connection;
}
