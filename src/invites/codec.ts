/** Owns the frames of `/waybill/invite/1` (spec/invite.md). Pure. */
import { type ByteReader, ByteWriter, type DecodeFault, decodeWith } from "#base/bytes.ts";
import type { Result } from "#base/result.ts";
import { MEETING_POINT_BYTES, PROOF_BYTES } from "./secret.ts";

/** Why a peer does not take a guest. The order is the wire's: new ones go last. */
const REFUSALS = ["unknown", "wrong-proof", "busy", "storage"] as const;
export type InviteRefusal = (typeof REFUSALS)[number];
/** How an invite came to its end. The order is the wire's. */
const ENDS = ["used", "expired", "revoked"] as const;
export type InviteEnd = (typeof ENDS)[number];

export type InviteFrame =
  /** Guest: "is this meeting point yours?" */
  | { readonly type: "ask"; readonly meetingPoint: Uint8Array }
  /** Inviter: "it is; show that you hold the secret". */
  | { readonly type: "here" }
  /** Guest's proof, 32 bytes. */
  | { readonly type: "prove"; readonly proof: Uint8Array }
  /** Inviter's proof, 32 bytes: the guest is stored as a verified contact there. */
  | { readonly type: "welcome"; readonly proof: Uint8Array }
  /** Inviter: the guest's proof stands, but the invite is over. With the proof, so that nobody else can say so. */
  | { readonly type: "over"; readonly end: InviteEnd; readonly proof: Uint8Array }
  | { readonly type: "refused"; readonly refusal: InviteRefusal };

const FORMAT = 1;
const TYPES = { ask: 1, here: 2, prove: 3, welcome: 4, refused: 5, over: 6 } as const;

export function encodeFrame(frame: InviteFrame): Uint8Array {
  const writer = new ByteWriter().u8(FORMAT).u8(TYPES[frame.type]);
  if (frame.type === "ask") writer.raw(frame.meetingPoint);
  else if (frame.type === "prove" || frame.type === "welcome") writer.raw(frame.proof);
  else if (frame.type === "over") writer.u8(ENDS.indexOf(frame.end) + 1).raw(frame.proof);
  else if (frame.type === "refused") writer.u8(REFUSALS.indexOf(frame.refusal) + 1);
  return writer.done();
}

export function decodeFrame(bytes: Uint8Array): Result<InviteFrame, DecodeFault> {
  return decodeWith(bytes, readFrame);
}

function readFrame(reader: ByteReader): InviteFrame {
  const format = reader.u8();
  if (format !== FORMAT) reader.refuse(`format ${format} is not known`);
  const type = reader.u8();
  switch (type) {
    case TYPES.ask:
      return { type: "ask", meetingPoint: reader.raw(MEETING_POINT_BYTES) };
    case TYPES.here:
      return { type: "here" };
    case TYPES.prove:
      return { type: "prove", proof: reader.raw(PROOF_BYTES) };
    case TYPES.welcome:
      return { type: "welcome", proof: reader.raw(PROOF_BYTES) };
    case TYPES.refused:
      return { type: "refused", refusal: REFUSALS[reader.u8() - 1] ?? reader.refuse("refusal is not known") };
    case TYPES.over: {
      const end = ENDS[reader.u8() - 1] ?? reader.refuse("end is not known");
      return { type: "over", end, proof: reader.raw(PROOF_BYTES) };
    }
    default:
      return reader.refuse(`frame type ${type} is not known`);
  }
}
