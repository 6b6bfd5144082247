/**
 * The composition root: the only place that names concrete classes. Reads top to bottom; strangers are let in last,
 * and everything is closed in reverse order, also when the start fails half way.
 */
import { userInfo } from "node:os";
import { join } from "node:path";
import { openAnchoring } from "#anchoring/index.ts";
import type { PeerId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import { fail, ok, type Problem, type Result } from "#base/result.ts";
import { openChain, openWallet } from "#chain/index.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import type { Network as LedgerNetwork } from "#ledger/params.ts";
import { openMessaging } from "#messaging/index.ts";
import { openMiner, openThreadSearch, startSearchThread } from "#mining/index.ts";
import { openNetwork } from "#net/index.ts";
import { cleanName, openPeople } from "#people/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Random } from "#ports/random.ts";
import { addressesSchema, diskAddresses } from "#storage/disk/addresses.ts";
import { blockSchema, diskBlocks } from "#storage/disk/blocks.ts";
import type { Database } from "#storage/disk/database.ts";
import { diskMessages, messagesSchema } from "#storage/disk/messages.ts";
import { diskPeople, peopleSchema } from "#storage/disk/people.ts";
import { diskReadMarks, readMarkSchema } from "#storage/disk/read-marks.ts";
import { diskReceipts, receiptsSchema } from "#storage/disk/receipts.ts";
import { diskTransfers, transfersSchema } from "#storage/disk/transfers.ts";
import { openDisk, openTransfers } from "#transfer/index.ts";
import type { NodeConfig, Settings } from "./config.ts";
import { readSettings } from "./config.ts";
import { holdDataFolder, openDeliveryDatabase, openLedgerDatabase } from "./data-folder.ts";
import type { Facade } from "./facade.ts";
import { openIdentity } from "./identity.ts";
import { openNetworkFile } from "./network-file.ts";
import { fileLog, systemClock, systemRandom } from "./system.ts";

export interface RunningNode {
  readonly facade: Facade;
  /** For whoever serves the facade: the same log, clock and chance as the node's own. */
  readonly edge: { readonly log: Log; readonly clock: Clock; readonly random: Random };
  /** What a start prints. The page's URL is the server's to say: `cli/` opens it over the facade. */
  describe(): {
    readonly name: string;
    readonly peerId: PeerId;
    readonly addresses: readonly string[];
    readonly warnings: readonly Problem[];
  };
  /** Closes in order and loses nothing. Idempotent. */
  close(): Promise<void>;
}

/** Everything with a life of its own is handed to `opened`, which closes it in reverse order. */
export async function startNode(config: NodeConfig): Promise<Result<RunningNode, Problem>> {
  await using opened = new AsyncDisposableStack();
  const foundation = openFoundation(config, opened);
  if (!foundation.ok) return foundation;
  const features = await openFeatures(config, foundation.value, opened);
  if (!features.ok) return features;
  const node = joinFeatures(config, foundation.value, features.value, opened);
  for (const address of config.join) void node.facade.connect(address);
  const closing = opened.move();
  let closed: Promise<void> | null = null;
  return ok({
    ...node,
    close: () => {
      closed ??= closing.disposeAsync();
      return closed;
    },
  });
}

interface Foundation {
  readonly keypair: Keypair;
  readonly settings: SettingsKeeper;
  readonly ledger: LedgerNetwork;
  readonly deliveries: Database;
  readonly blocks: Database;
  readonly edge: RunningNode["edge"];
  readonly warnings: readonly Problem[];
}

/** The folder, who we are, and the databases: all that needs no network. */
function openFoundation(config: NodeConfig, opened: AsyncDisposableStack): Result<Foundation, Problem> {
  const ledger = openNetworkFile(config.networkFile);
  if (!ledger.ok) return ledger;
  const folder = holdDataFolder(config.dataDir);
  if (!folder.ok) return folder;
  opened.defer(() => folder.value.lock.release());
  const settings = readSettings(config.dataDir);
  if (!settings.ok) return settings;
  const identity = openIdentity(config.dataDir);
  if (!identity.ok) return identity;
  const deliveries = openDeliveryDatabase(config.dataDir, DELIVERY_SCHEMAS);
  if (!deliveries.ok) return deliveries;
  opened.defer(() => deliveries.value.close());
  const blocks = openLedgerDatabase(config.dataDir, ledger.value.chainIdHex, [blockSchema]);
  if (!blocks.ok) return blocks;
  opened.defer(() => blocks.value.database.close());
  return ok({
    keypair: identity.value.keypair,
    settings: keepSettings(config.dataDir, chosen(config, settings.value)),
    ledger: ledger.value,
    deliveries: deliveries.value,
    blocks: blocks.value.database,
    edge: {
      log: fileLog(join(config.dataDir, "waybill.log")),
      clock: systemClock(config.clockOffsetMs),
      random: systemRandom,
    },
    warnings: blocks.value.repaired === null ? [] : [blocks.value.repaired],
  });
}
