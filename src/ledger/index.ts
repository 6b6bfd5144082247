/** The rules on which all peers of one network agree: pure, without clock, chance, files or network. */

export {
  type Applied,
  applyBlock,
  applyTransactions,
  BlockWork,
  type Undo,
  undoBlock,
} from "./apply.ts";
export {
  BlockAllowance,
  type BlockCheckOptions,
  checkBlock,
  checkBlockSignatures,
  checkBlockTerms,
  checkHeader,
  checkTransaction,
  checkTransactionTerms,
  type HeaderContext,
} from "./check.ts";
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
  receiverOf,
  sealBlock,
  signingPreimage,
  transactionBytes,
  txIdOf,
} from "./codec.ts";
export type * from "./faults.ts";
export { hasMoreWork, planReorganisation, type ReorganisationPlan } from "./fork-choice.ts";
export { GENESIS_VERSION, HEADER_VERSION, loadNetwork, networkOf } from "./genesis.ts";
export {
  ANCHOR_BYTES,
  BLOCK_BYTES_MAX,
  COINBASE_EXTRA_BYTES_MAX,
  HEADER_BYTES,
  NAME_CHARS_MAX,
  NAME_CHARS_MIN,
  NAME_CLAIM_BYTES_MIN,
  NAME_COMMIT_BYTES,
  NAME_UPDATE_BYTES_MIN,
  STAMPED_ANCHOR_BYTES,
  STATE_VALUE_BYTES_MAX,
  TRANSACTION_BYTES_MAX,
  TRANSFER_BYTES,
} from "./limits.ts";
export {
  faultOfName,
  isEarlierCommitment,
  isNameTransaction,
  type NameStatus,
  type NameTransaction,
  nameRecord,
  nameStatus,
} from "./name-records.ts";
export { burnedBy, commitmentOf, costOfTransaction, isName, nameCost } from "./names.ts";
export {
  type Allocation,
  type ChainParams,
  type CheckpointRules,
  type FreeAnchorRules,
  MAX_MONEY,
  type NameRules,
  type Network,
  type RewardSchedule,
} from "./params.ts";
export {
  genesisText,
  PRESET_KINDS,
  type PresetKind,
  type PresetOptions,
  presetGenesis,
  presetParams,
} from "./presets.ts";
export { isSignatureValid, signTransaction } from "./sign.ts";
export {
  isStampValid,
  type StampSubject,
  searchStamp,
  stampMeets,
  stampPrefix,
  stampStrength,
  stampTarget,
} from "./stamp.ts";
export {
  type AccountEntry,
  type AccountView,
  EMPTY_ACCOUNT,
  genesisEntries,
  isEmptyAccount,
  LedgerState,
  type StateView,
  verifyAccountProof,
  verifyNameProof,
  verifyTotalsProof,
} from "./state.ts";
export {
  accountKey,
  commitmentKey,
  decodeStateValue,
  type NameRecord,
  nameKey,
  type Payout,
  payoutKey,
  type StateValue,
  TOTALS_KEY,
  type Totals,
} from "./state-entries.ts";
export {
  decodeStateProof,
  encodeStateProof,
  readProvenValue,
  type StateProof,
  type StateProofFault,
} from "./state-proof.ts";
export {
  encodeTreeProof,
  type LeafSource,
  type TreeChange,
  type TreeProof,
  verifyTreeProof,
} from "./state-tree.ts";
export { type Earned, issuedAt, payoutOfBlock, rewardAt } from "./supply.ts";
export {
  asertTarget,
  bitsOfTarget,
  meetsTarget,
  type NextWork,
  nextWork,
  targetBytes,
  targetOfBits,
  workOfBits,
} from "./target.ts";
export { buildTemplate, type TemplateRequest } from "./template.ts";
export type * from "./types.ts";
export { decodeUndo, encodeUndo } from "./undo-codec.ts";
