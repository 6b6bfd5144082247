import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { checkLedger } from "#chain/index.ts";
import { COMMIT_RETRY_PERIOD_MS } from "#chain/limits.ts";
import { openAlone } from "#chain/test-node.ts";
import { encodeBlock, signTransaction } from "#ledger/index.ts";
import { ALICE, BOB, CAROL, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { blockSchema, diskBlocks } from "#storage/disk/blocks.ts";
import { Database } from "#storage/disk/database.ts";

const network = testNetwork({ allocations: [{ account: ALICE.account, amount: 10_000_000 }] });
const whyNot =
  process.platform === "linux" && process.getuid?.() === 0 ? false : "needs root on Linux for a tmpfs";
const SMALL = "size=3m";

function grown(blocks: number): TestChain {
  const chain = new TestChain(network);
  for (let at = 0, seq = 0; at < blocks; at++) {
    const pay = () => {
      const body = {
        from: ALICE.account,
        to: CAROL.account,
        seq: seq++,
        fee: 200,
        amount: 1,
        validUntil: at + 20,
      };
      return signTransaction({ type: "transfer", ...body }, network.chainId, ALICE);
    };
    chain.grow(Array.from({ length: 30 }, pay), BOB);
  }
  return chain;
}

test("a disk that fills up stops the ledger between two blocks, answers on, and goes on by itself when there is room", {
  skip: whyNot,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "waybill-full-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", SMALL, "tmpfs", folder], { stdio: "pipe" });
  try {
    const database = new Database(join(folder, "ledger.db"), [blockSchema]);
    const store = diskBlocks(database);
    const { chain, clock, faults } = await openAlone(network, store);
    const source = grown(100);
    let height = 1;
    for (; height <= 100; height++) {
      const outcome = await chain.submitBlock(encodeBlock(source.at(height).block));
      if (!outcome.ok) {
        assert.equal(outcome.fault.code, "unavailable");
        break;
      }
    }
    assert.ok(height > 3 && height < 100, `full at height ${height}`);
    assert.equal(chain.problem()?.code, "ledger-not-written");
    assert.equal(chain.tip().height, height - 1, "it stands on the last block that was written whole");
    assert.notEqual(chain.blockAt(height - 1), null, "and goes on answering");
    await clock.advance(3 * COMMIT_RETRY_PERIOD_MS);
    assert.equal(chain.tip().height, height - 1);
    execFileSync("mount", ["-o", "remount,size=64m", folder]);
    await clock.advance(COMMIT_RETRY_PERIOD_MS);
    assert.equal(chain.problem(), null);
    assert.equal(chain.tip().height, height, "the block that had been refused was taken");
    for (let at = height + 1; at <= 100; at++) {
      assert.ok((await chain.submitBlock(encodeBlock(source.at(at).block))).ok);
    }
    assert.deepEqual(faults, []);
    await chain.close();
    const options = { progress: async () => undefined };
    assert.equal((await checkLedger(network, store, options)).disagreement, null);
    database.close();
  } finally {
    execFileSync("umount", [folder]);
    rmSync(folder, { recursive: true });
  }
});
