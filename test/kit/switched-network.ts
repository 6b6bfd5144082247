/**
 * Owns a network whose paths a test switches: says that a better path stands, breaks what is open, refuses to open.
 * What goes over it is seen. All else is the network it is put over.
 */
import type { PeerId } from "#base/brand.ts";
import { Emitter } from "#base/emitter.ts";
import { fail, ok, type Problem } from "#base/result.ts";
import type { FrameStream, Network, NetworkEvent, PathKind } from "#ports/network.ts";

export class SwitchedNetwork {
  readonly network: Network;
  /** Streams that this side opened and that were not broken since, oldest first. */
  readonly opened: FrameStream[] = [];
  /** Frames that this side sent, over streams of either side. */
  readonly sent: Uint8Array[] = [];
  /** Why nothing can be opened now. */
  refusal: Problem | null = null;
  /** Streams end in order before each frame that is read. */
  endsEarly = false;
  readonly #events = new Emitter<NetworkEvent>((error) => {
    throw error;
  });

  constructor(under: Network) {
    this.network = {
      self: under.self,
      connected: () => under.connected(),
      subscribe: (listener) => {
        const both = [under.subscribe(listener), this.#events.subscribe(listener)];
        return () => {
          for (const unsubscribe of both) unsubscribe();
        };
      },
      handle: (protocol, options, handler) =>
        under.handle(protocol, options, (stream) => handler(this.#watched(stream))),
      open: async (...dial) => {
        if (this.refusal !== null) return fail({ code: "not-connected", problem: this.refusal });
        const opened = await under.open(...dial);
        if (!opened.ok) return opened;
        const stream = this.#watched(opened.value);
        this.opened.push(stream);
        return ok(stream);
      },
      topic: (name, options) => under.topic(name, options),
      judge: (peer, judgement) => under.judge(peer, judgement),
    };
  }

  /** Says that `peer` is now reached in this way. Streams stay as they are. */
  path(peer: PeerId, path: PathKind, isBetter: boolean): void {
    const connection = { peer, path, address: `/memory/${path}`, via: null };
    this.#events.emit({ type: "path", connection, isBetter });
  }

  /** The path under all that this side opened ends. */
  breakAll(): void {
    for (const stream of this.opened.splice(0)) stream.reset("the path ended");
  }

  #watched(stream: FrameStream): FrameStream {
    return {
      peer: stream.peer,
      send: (frame) => {
        this.sent.push(frame);
        return stream.send(frame);
      },
      receive: (options) => (this.endsEarly ? Promise.resolve(ok(null)) : stream.receive(options)),
      close: () => stream.close(),
      reset: (cause) => stream.reset(cause),
    };
  }
}
