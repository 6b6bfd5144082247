/** Owns the end of dialling at shutdown: nobody waits for a connection that is not needed any more. */
import { fail } from "#base/result.ts";
import type { Network } from "#ports/network.ts";

/** @returns `open` of the network, which fails at once when `closing` resolves; a stream that comes later is reset. */
export function openUntil(network: Pick<Network, "open">, closing: Promise<void>): Pick<Network, "open"> {
  let closed = false;
  const ended = closing.then(() => {
    closed = true;
    return fail({ code: "failed", cause: "closing" } as const);
  });
  return {
    async open(peer, protocol, options) {
      const opening = network.open(peer, protocol, options);
      const opened = await Promise.race([opening, ended]);
      if (closed) {
        opening.then(
          (late) => {
            if (late.ok) late.value.reset("closing");
          },
          () => undefined,
        );
        return ended;
      }
      return opened;
    },
  };
}
