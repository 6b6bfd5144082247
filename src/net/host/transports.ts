/**
 * Owns the transports beside TCP: relays, WebSocket towards trackers, and WebRTC, which is punched through routers.
 * Does not decide when any of them is used.
 */
import { circuitRelayTransport } from "@libp2p/circuit-relay-v2";
import { webSockets } from "@libp2p/websockets";
import { type Problem, problem } from "#base/result.ts";
import type { Clock } from "#ports/clock.ts";
import {
  PUNCHED_BUFFER_BYTES,
  PUNCHED_MESSAGE_BYTES_MAX,
  PUNCHED_PORT_FIRST,
  PUNCHED_PORT_LAST,
  STREAM_READ_BUFFER_BYTES_MAX,
  STREAMS_PER_CONNECTION_MAX,
} from "../limits.ts";
import type { TransportFactory } from "./host.ts";
import { pauseBeforeFirstCandidate } from "./punch-pause.ts";

export interface TransportsOptions {
  readonly clock: Clock;
  /** False where this peer waits for nobody: each punched path is a port that listens. */
  readonly punches: boolean;
  /** STUN servers as `stun:host:port`, asked anew at each attempt to punch. None: only addresses of this computer. */
  readonly stunServers: () => readonly string[];
  /** Address of this computer that punched paths are bound to; absent: all that lead outside. */
  readonly bindAddress?: string;
}

export interface Transports {
  readonly factories: readonly TransportFactory[];
  /** Why nothing can be punched on this computer; null when it can. */
  readonly problem: Problem | null;
  /** Call it once the host that uses them has stopped. */
  release(): void;
}

/**
 * The native part of WebRTC belongs to the process. It keeps the process alive for each channel that ended together
 * with its path, so the last of its users lets go of all that is left.
 */
let nativeUsers = 0;
let isPausing = false;

/** Everything that dials beside TCP. Without the native part of WebRTC there is no punching, and all else works. */
export async function loadTransports(options: TransportsOptions): Promise<Transports> {
  const always = [circuitRelayTransport(), webSockets()];
  if (!options.punches) return { factories: always, problem: PUNCHING_OFF, release: () => undefined };
  try {
    const { factory, cleanup } = await loadPunching(options);
    nativeUsers += 1;
    let isHeld = true;
    const release = () => {
      if (!isHeld) return;
      isHeld = false;
      nativeUsers -= 1;
      if (nativeUsers === 0) cleanup();
    };
    return { factories: [...always, factory], problem: null, release };
  } catch (error) {
    return { factories: always, problem: notAvailable(error), release: () => undefined };
  }
}

/** Loaded late, because its native part exists for some platforms only. */
async function loadPunching(
  options: TransportsOptions,
): Promise<{ readonly factory: TransportFactory; readonly cleanup: () => void }> {
  const { cleanup, setSctpSettings } = await import("node-datachannel");
  // Before the first connection: what is under way at 100 ms must fit, or the path carries 1 to 5 MB/s.
  setSctpSettings({ recvBufferSize: PUNCHED_BUFFER_BYTES, sendBufferSize: PUNCHED_BUFFER_BYTES });
  const { RTCPeerConnection } = await import("node-datachannel/polyfill");
  if (!isPausing) pauseBeforeFirstCandidate(RTCPeerConnection.prototype, options.clock);
  isPausing = true;
  const { webRTC } = await import("@libp2p/webrtc");
  const factory = webRTC({
    rtcConfiguration: () => ({
      iceServers: options.stunServers().map((urls) => ({ urls })),
      ...PORTS,
      ...(options.bindAddress === undefined ? {} : { bindAddress: options.bindAddress }),
    }),
    dataChannel: dataChannelOptions(),
    maxEarlyStreams: STREAMS_PER_CONNECTION_MAX,
  });
  return { factory, cleanup };
}

/** The native part takes them, though the type of a browser's configuration does not name them. */
const PORTS = { portRangeBegin: PUNCHED_PORT_FIRST, portRangeEnd: PUNCHED_PORT_LAST };

/** `maxReadBufferLength` reaches the stream, though the type does not name it. */
function dataChannelOptions() {
  return {
    maxMessageSize: PUNCHED_MESSAGE_BYTES_MAX,
    maxReadBufferLength: STREAM_READ_BUFFER_BYTES_MAX,
  };
}

const PUNCHING_OFF = problem(
  "punching-off",
  "This peer listens on nothing, so no path through routers is opened.",
  "Nothing to do: relays and addresses of others work. To change it: waybill doors open, and start again.",
);

function notAvailable(error: unknown): Problem {
  return problem(
    "punching-unavailable",
    `This computer cannot open paths through routers: ${error instanceof Error ? error.message : String(error)}.`,
    "Nothing to do: relays and straight addresses work all the same.",
  );
}
