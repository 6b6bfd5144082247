/** The guest's side of `/waybill/invite/1`: asks one peer whether an invite is its own, and proves to hold it. */
import type { PeerId } from "#base/brand.ts";
import type { FrameStream, Network } from "#ports/network.ts";
import { decodeFrame, encodeFrame, type InviteEnd, type InviteFrame, type InviteRefusal } from "./codec.ts";
import {
  ANSWER_TIMEOUT_MS,
  FRAME_BYTES_MAX,
  OPEN_TIMEOUT_MS,
  PROTOCOL,
  STREAMS_PER_PEER_MAX,
} from "./limits.ts";
import { isProof, meetingPointOf, proofOf } from "./secret.ts";

export type AskOutcome =
  /** The peer holds the secret, and has stored us. */
  | { readonly is: "welcome" }
  /** The peer holds the secret, and the invite is over. */
  | { readonly is: "over"; readonly end: InviteEnd }
  | { readonly is: "refused"; readonly refusal: InviteRefusal }
  /** Says that the invite is its own, and cannot prove it. */
  | { readonly is: "impostor" }
  /** Not reached, or the way there broke off: may be asked again. */
  | { readonly is: "unreached"; readonly cause: string };

/**
 * The secret does not leave this computer, and neither does anything from which it follows: not even a peer that lies
 * about being the inviter gains more than a proof that is of no use on any other connection.
 */
export async function ask(
  peer: PeerId,
  secret: Uint8Array,
  network: Pick<Network, "self" | "open" | "judge">,
  signal: AbortSignal,
): Promise<AskOutcome> {
  const opened = await network.open(peer, PROTOCOL, {
    frameBytesMax: FRAME_BYTES_MAX,
    streamsPerPeerMax: STREAMS_PER_PEER_MAX,
    timeoutMs: OPEN_TIMEOUT_MS,
    signal,
  });
  if (!opened.ok) {
    // A peer that does not know the protocol is not the inviter.
    if (opened.fault.code === "protocol-unknown") return { is: "refused", refusal: "unknown" };
    const { fault } = opened;
    return { is: "unreached", cause: fault.code === "failed" ? fault.cause : fault.problem.cause };
  }
  const stream = opened.value;
  const giveUp = () => stream.reset("given up");
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await askOn(stream, secret, network);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

async function askOn(
  stream: FrameStream,
  secret: Uint8Array,
  network: Pick<Network, "self" | "judge">,
): Promise<AskOutcome> {
  const peers = { inviter: stream.peer, guest: network.self };
  const here = await answerTo(stream, { type: "ask", meetingPoint: meetingPointOf(secret) });
  if (here?.type === "refused") return refusedOn(stream, here.refusal);
  if (here?.type !== "here") return broken(stream, here, network);
  const answer = await answerTo(stream, { type: "prove", proof: proofOf(secret, "guest", peers) });
  if (answer?.type === "refused") {
    // Both sides of one secret agree on a proof: who finds ours wrong holds another.
    return answer.refusal === "wrong-proof" ? { is: "impostor" } : refusedOn(stream, answer.refusal);
  }
  if (answer?.type !== "welcome" && answer?.type !== "over") return broken(stream, answer, network);
  await stream.close();
  if (!isProof(answer.proof, proofOf(secret, "inviter", peers))) return { is: "impostor" };
  return answer.type === "welcome" ? { is: "welcome" } : { is: "over", end: answer.end };
}

async function refusedOn(stream: FrameStream, refusal: InviteRefusal): Promise<AskOutcome> {
  await stream.close();
  return { is: "refused", refusal };
}

/** Nothing came, or nothing that answers. */
function broken(stream: FrameStream, frame: InviteFrame | null, network: Pick<Network, "judge">): AskOutcome {
  if (frame !== null) network.judge(stream.peer, "reject");
  stream.reset("no answer to an invite");
  return { is: "unreached", cause: "the connection ended in the middle" };
}

async function answerTo(stream: FrameStream, frame: InviteFrame): Promise<InviteFrame | null> {
  const sent = await stream.send(encodeFrame(frame));
  const received = sent.ok ? await stream.receive({ timeoutMs: ANSWER_TIMEOUT_MS }) : sent;
  if (!received.ok || received.value === null) return null;
  const decoded = decodeFrame(received.value);
  return decoded.ok ? decoded.value : null;
}
