/** The rules on which all peers of one network agree: pure, without clock, chance, files or network. */

export {
  blockBytes,
  blockIdOfHeader,
  bytesOfId,
  decodeBlock,
  decodeHeader,
  decodeTransaction,
  encodeBlock,
  encodeHeader,
  encodeTransaction,
  isSigned,
  sealBlock,
  signingPreimage,
  transactionBytes,
  txIdOf,
} from "./codec.ts";
export type * from "./faults.ts";
export {
  type Allocation,
  type ChainParams,
  type FreeAnchorRules,
  MAX_MONEY,
  type Network,
  type RewardSchedule,
} from "./params.ts";
export { isSignatureValid, signTransaction } from "./sign.ts";
export {
  isStampValid,
  type StampSubject,
  searchStamp,
  stampMeets,
  stampPrefix,
  stampTarget,
} from "./stamp.ts";
export { meetsTarget, type NextWork, nextWork, targetBytes, targetOfBits, workOfBits } from "./target.ts";
export type * from "./types.ts";
