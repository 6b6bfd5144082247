/** Owns which bounds the doors of a peer keep, gathered from `limits.ts`. */

import {
  CONNECTIONS_MAX,
  HALF_OPEN_MAX,
  HALF_OPEN_PER_OWN_ADDRESS_MAX,
  HALF_OPEN_PER_PUBLIC_ADDRESS_MAX,
  HALF_OPEN_PER_RELAY_MAX,
  HANDSHAKE_SOURCES_MAX,
  HANDSHAKES_BURST,
  HANDSHAKES_PER_OWN_ADDRESS_BURST,
  HANDSHAKES_PER_OWN_ADDRESS_PER_SECOND,
  HANDSHAKES_PER_PUBLIC_ADDRESS_BURST,
  HANDSHAKES_PER_PUBLIC_ADDRESS_PER_SECOND,
  HANDSHAKES_PER_SECOND,
  INBOUND_PER_OWN_ADDRESS_MAX,
  INBOUND_PER_PUBLIC_ADDRESS_MAX,
  INBOUND_PER_PUBLIC_GROUP_MAX,
  INBOUND_PER_RELAY_MAX,
  INBOUND_RELAYED_MAX,
  OUTBOUND_RESERVED,
  UPGRADE_TIMEOUT_MS,
} from "../limits.ts";
import type { InboundLimits } from "./inbound-places.ts";
import type { Rate } from "./rate-limits.ts";

export interface DoorLimits {
  readonly halfOpen: {
    readonly max: number;
    readonly timeoutMs: number;
    readonly perOwnAddress: number;
    readonly perPublicAddress: number;
    readonly perRelay: number;
  };
  readonly handshakes: { readonly ownAddress: Rate; readonly publicAddress: Rate; readonly all: Rate };
  readonly handshakeSourcesMax: number;
  readonly inbound: InboundLimits;
}

export const PEER_DOOR_LIMITS: DoorLimits = Object.freeze({
  halfOpen: {
    max: HALF_OPEN_MAX,
    timeoutMs: UPGRADE_TIMEOUT_MS,
    perOwnAddress: HALF_OPEN_PER_OWN_ADDRESS_MAX,
    perPublicAddress: HALF_OPEN_PER_PUBLIC_ADDRESS_MAX,
    perRelay: HALF_OPEN_PER_RELAY_MAX,
  },
  handshakes: {
    ownAddress: {
      burst: HANDSHAKES_PER_OWN_ADDRESS_BURST,
      perSecond: HANDSHAKES_PER_OWN_ADDRESS_PER_SECOND,
    },
    publicAddress: {
      burst: HANDSHAKES_PER_PUBLIC_ADDRESS_BURST,
      perSecond: HANDSHAKES_PER_PUBLIC_ADDRESS_PER_SECOND,
    },
    all: { burst: HANDSHAKES_BURST, perSecond: HANDSHAKES_PER_SECOND },
  },
  handshakeSourcesMax: HANDSHAKE_SOURCES_MAX,
  inbound: {
    total: CONNECTIONS_MAX - OUTBOUND_RESERVED,
    perOwnAddress: INBOUND_PER_OWN_ADDRESS_MAX,
    perPublicAddress: INBOUND_PER_PUBLIC_ADDRESS_MAX,
    perPublicGroup: INBOUND_PER_PUBLIC_GROUP_MAX,
    perRelay: INBOUND_PER_RELAY_MAX,
    relayed: INBOUND_RELAYED_MAX,
  },
});
