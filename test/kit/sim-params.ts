/** Owns the genesis of simulated networks: small numbers, so that every rule is met within minutes. */
import type { ChainParams } from "#ledger/index.ts";

/** The start of simulated time, as `test/kit/clock.ts` has it. */
const SIMULATED_START_SECONDS = Date.UTC(2026, 0, 1) / 1000;

const SIMULATED: ChainParams = {
  name: "simulation",
  coin: { symbol: "S", unitsPerCoin: 100 },
  genesisTime: SIMULATED_START_SECONDS - 60,
  targetSpacingSeconds: 10,
  tauSeconds: 400,
  minGapSeconds: 2,
  maxFutureSeconds: 60,
  easeAfterSeconds: 40,
  // 256 hashes: at the easiest some two seconds of all nodes together, well above the delays of the network.
  powLimitBits: 0x20010000,
  // 1,400 hashes: about what all nodes together try in one spacing.
  initialBits: 0x1f2ed700,
  maxBlockBytes: 64 * 1024,
  maxBlockSignatures: 400,
  reward: { initial: 1_000, halvingBlocks: 1_000, tail: 10 },
  payoutDelayBlocks: 5,
  validUntilMaxBlocks: 1_000,
  freeAnchors: { perBlock: 16, perAccountPerBlock: 2, stampBits: 4 },
  names: {
    commitPrice: 1,
    basePrice: 10,
    cheapFromChars: 6,
    claimAfterBlocks: 2,
    claimWithinBlocks: 40,
    lifeBlocks: 1_000,
    graceBlocks: 100,
    claimsPerAccountPerBlock: 2,
  },
  checkpoints: null,
  allocations: [],
  signatureRule: "ed25519-strict-1",
};

export function simulatedParams(overrides: Partial<ChainParams> = {}): ChainParams {
  return Object.freeze({ ...SIMULATED, ...overrides });
}
