/**
 * Owns the last look before the costly part of a connection: a caller that has only named a protocol has cost nothing
 * yet, and one that calls too often gets no handshake.
 */
import {
  type ComponentLogger,
  type ConnectionEncrypter,
  type MessageStream,
  serviceCapabilities,
} from "@libp2p/interface";

type Factory<Components> = (components: Components) => ConnectionEncrypter;

/** @param mayHandshake asked with the multiaddr of each caller. */
export function guarded<Components extends { readonly logger: ComponentLogger }>(
  create: Factory<Components>,
  mayHandshake: (remote: string) => boolean,
): Factory<Components> {
  return (components) => {
    const inner = create(components);
    const capabilities = { [serviceCapabilities]: ["@libp2p/connection-encryption"] };
    return {
      ...capabilities,
      protocol: inner.protocol,
      secureOutbound: (stream, options) => inner.secureOutbound(stream, options),
      secureInbound: async (stream, options) => {
        if (!mayHandshake(remoteOf(stream))) throw new Error("too many handshakes");
        return await inner.secureInbound(stream, options);
      },
    };
  };
}

/** Connections say where they lead to; streams of other kinds are never encrypted by us. */
function remoteOf(stream: MessageStream): string {
  return "remoteAddr" in stream ? String(stream.remoteAddr) : "";
}
