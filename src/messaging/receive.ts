/**
 * Decides what an arriving envelope means. Pure: the shell carries out the effects in their order and stops at the
 * first that fails, so that nothing is answered before it is stored.
 */
import type { AccountId, PeerId } from "#base/brand.ts";
import { equalBytes, utf8 } from "#base/bytes.ts";
import { accountOfPeer } from "#crypto/peer-id.ts";
import {
  type Completion,
  type Dispatch,
  encodeDispatch,
  messageDigest,
  verifyDispatch,
} from "#receipts/index.ts";
import type { Answer, Envelope } from "./codec.ts";
import type { NewMessage } from "./store.ts";
import type { Message } from "./types.ts";

export interface Inbound {
  /** The number expected from this peer. */
  readonly nextIn: number;
  /** What is stored under the envelope's delivery id. */
  readonly known: Message | null;
  readonly admitted: boolean;
}

export interface InboundContext {
  readonly self: AccountId;
  /** Whom the network authenticated on this stream. */
  readonly peer: PeerId;
  readonly nowMs: number;
  /** Signs; the result leaves this computer only after the message is stored. */
  readonly complete: (dispatch: Dispatch) => Completion;
}

export type InboundEffect =
  | { readonly do: "persist"; readonly message: NewMessage; readonly nextIn: number }
  | { readonly do: "answer"; readonly answer: Answer }
  /** Tells the rest of the program of the message just stored. */
  | { readonly do: "announce" }
  /** The sender broke a rule that its own bytes prove. */
  | { readonly do: "judge" };

export interface InboundStep {
  readonly state: Pick<Inbound, "nextIn">;
  readonly effects: readonly InboundEffect[];
}

export function receive(inbound: Inbound, envelope: Envelope, context: InboundContext): InboundStep {
  const state = { nextIn: inbound.nextIn };
  const answer = (reply: Answer): InboundStep => ({ state, effects: [{ do: "answer", answer: reply }] });
  const invalid: InboundStep = {
    state,
    effects: [{ do: "answer", answer: { type: "refused", refusal: "invalid" } }, { do: "judge" }],
  };
  const { dispatch, text } = envelope;

  if (!fits(dispatch, text, context)) return invalid;
  if (inbound.known !== null) {
    const { known } = inbound;
    const same =
      known.direction === "in" && known.peer === context.peer && sameDispatch(known.dispatch, dispatch);
    // Not `judge`: an id used twice proves a broken sender, yet one restored from a backup may do it in good faith.
    if (!same || known.completion === null) return answer({ type: "refused", refusal: "invalid" });
    return answer({ type: "completed", completion: known.completion });
  }
  if (!inbound.admitted) return answer({ type: "refused", refusal: "blocked" });
  if (envelope.number !== inbound.nextIn) return answer({ type: "expected", number: inbound.nextIn });
  // Last, because it costs most.
  if (!verifyDispatch(dispatch)) return invalid;

  const completion = context.complete(dispatch);
  const message: NewMessage = {
    deliveryId: dispatch.body.deliveryId,
    peer: context.peer,
    direction: "in",
    text,
    state: "receipted",
    reason: null,
    createdMs: context.nowMs,
    dispatch,
    completion,
  };
  const nextIn = inbound.nextIn + 1;
  return {
    state: { nextIn },
    effects: [
      { do: "persist", message, nextIn },
      { do: "answer", answer: { type: "completed", completion } },
      { do: "announce" },
    ],
  };
}

/** Whether the dispatch speaks of this text, from this peer, to us. Times are not compared: clocks may be wrong. */
function fits({ body }: Dispatch, text: string, context: InboundContext): boolean {
  return (
    body.kind === "message" &&
    body.sender === accountOfPeer(context.peer) &&
    body.receiver === context.self &&
    body.bytes === utf8(text).length &&
    equalBytes(body.contentDigest, messageDigest(text))
  );
}

function sameDispatch(a: Dispatch, b: Dispatch): boolean {
  return equalBytes(encodeDispatch(a), encodeDispatch(b));
}
