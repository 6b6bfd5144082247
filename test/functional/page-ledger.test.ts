/** Names, co-signers and the own coins in the page's ledger, in a real browser over the made-up world of the test kit. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import type { CheckpointsView, StatusView } from "#api/views.ts";
import { problem } from "#base/result.ts";
import { launchBrowser } from "#test/kit/browser.ts";
import { accountOf, blockId, peerOf } from "#test/kit/facade-data.ts";
import { closeWorld, openWorld, violations, type World, withPage } from "#test/kit/page.ts";

let browser: Browser;
let world: World;

before(async () => {
  [browser, world] = await Promise.all([launchBrowser(), openWorld()]);
});

after(async () => {
  await browser.close();
  await closeWorld(world);
});

const onLedger = (work: (page: Page) => Promise<void>) =>
  withPage(browser, world, {}, async (page) => {
    await page.goto(`${world.server.origin}/ledger`);
    await work(page);
  });

test("a name is looked up, registered, followed until it is ours, and renewed", async () => {
  await onLedger(async (page) => {
    const names = page.getByRole("region", { name: "My names" });
    const field = names.getByRole("textbox", { name: "A name" });
    const lookUp = names.getByRole("button", { name: "Look up" });
    await field.fill("-");
    await lookUp.click();
    await names.getByRole("alert").getByText("name-malformed").waitFor();
    await field.fill("bob");
    await lookUp.click();
    await names.getByText(/^bob stands for Bob and belongs to Bob\. Proved by the root in block/).waitFor();
    assert.equal(await names.getByRole("button", { name: "Register" }).count(), 0);
    await field.fill("anna-lee");
    await lookUp.click();
    await names.getByText("Nobody holds anna-lee. A year costs 0.01 WAY").waitFor();
    await names.getByRole("button", { name: "Register" }).click();
    await names.getByText("reservation waits for a block").waitFor();
    await names.getByText("It is claimed by itself some blocks from now").waitFor();
    // The made-up peer goes a step further each time that it is asked.
    const ours = names.getByText(/^yours until .*\d{4}/);
    for (let asked = 0; asked < 3; asked++) {
      await page.reload();
      await names.getByText("anna-lee").waitFor();
    }
    await ours.waitFor();
    await names.getByRole("button", { name: "Renew…" }).click();
    await names.getByText("A year from the block that takes it up costs 0.01 WAY").waitFor();
    await names.getByRole("button", { name: "Not now" }).click();
    await names.getByRole("button", { name: "Renew…" }).click();
    await names.getByRole("button", { name: "Renew for 0.01 WAY" }).click();
    await names.getByText("Renewed with one of the next blocks.").waitFor();
    assert.deepEqual(await violations(page), []);
  });
});

const COSIGNED: CheckpointsView = {
  used: true,
  needed: 2,
  everyBlocks: 4,
  signers: (["Alice", "Bob", "Carol"] as const).map((name, at) => ({
    ...{ account: accountOf(name), peerId: peerOf(name), name, mine: name === "Alice" },
    ...{ height: at === 2 ? null : 8, signedTwice: false },
  })),
  final: null,
  sought: null,
  waitsFor: null,
  problem: null,
  note: null,
  evidence: [],
};

test("co-signers are shown where there are any: who signed, what is final, and what is not yet", async () => {
  await onLedger(async (page) => {
    const card = page.getByRole("region", { name: "Co-signed blocks" });
    await page.getByRole("region", { name: "My names" }).waitFor();
    assert.equal(await card.count(), 0, "nobody co-signs");
    world.kit.cosign(COSIGNED);
    await page.reload();
    await card.getByText("No block is final yet.").waitFor();
    await card.getByText("2 signatures of 3 make a block final; every 4th is signed.").waitFor();
    assert.deepEqual(await card.getByRole("listitem").allInnerTexts(), [
      "Me, up to block 8",
      "Bob, up to block 8",
      "Carol, nothing signed yet",
    ]);
    const final = { height: 8, blockId: blockId(8), signed: 2 };
    world.kit.cosign({ ...COSIGNED, final, sought: { height: 40, blockId: blockId(40) } });
    await page.reload();
    await card.getByText("Block 40 is final elsewhere, and on its way here.").waitFor();
    await card.getByText("is final: co-signed by 2 of 3.").waitFor();
    await card.getByRole("link", { name: "Block 8" }).click();
    await page.getByRole("heading", { name: "Block 8" }).waitFor();
  });
});

test("what a signer waits for is no alarm; what holds it up is one, with its code", async () => {
  const asking = problem("checkpoint-asking-peers", "It asks others what it has signed.", "Nothing to do.");
  const doubled = problem("checkpoint-key-used-twice", "Another copy has signed too.", "End the other copy.");
  await onLedger(async (page) => {
    const card = page.getByRole("region", { name: "Co-signed blocks" });
    world.kit.cosign({ ...COSIGNED, waitsFor: asking });
    await page.reload();
    await card.getByText("It asks others what it has signed. Nothing to do.").waitFor();
    assert.equal(await card.locator(".problem").count(), 0);
    assert.deepEqual(await violations(page), []);
    const [me, ...others] = COSIGNED.signers;
    assert.ok(me !== undefined);
    const signers = [{ ...me, signedTwice: true }, ...others];
    world.kit.cosign({ ...COSIGNED, signers, problem: doubled });
    await page.reload();
    await card.getByRole("note").getByText("checkpoint-key-used-twice").waitFor();
    await card.getByText("signed two blocks of one height").waitFor();
    assert.deepEqual(await violations(page), []);
  });
});

test("a payment that is held back says why, and a reward what it pays", async () => {
  await onLedger(async (page) => {
    const held = page.getByRole("region", { name: "Held back" });
    await held.getByText("to Carol: as many wait as may; good until block 124").waitFor();
    await page.goto(`${world.server.origin}/ledger/block/3`);
    await page.getByRole("link", { name: /^Reward.*50(\.\d+)? WAY$/ }).waitFor();
  });
});

/** The page over a peer whose status says more than the made-up one's. */
async function withStatus(change: (status: StatusView) => StatusView, work: (page: Page) => Promise<void>) {
  const { facade } = world.kit;
  const { status } = facade;
  facade.status = async () => change(await status());
  try {
    await onLedger(work);
  } finally {
    facade.status = status;
  }
}

test("while the ledger is fetched a line above every place says so, and the place keeps the rest of the window", async () => {
  const fetching = (status: StatusView): StatusView => ({
    ...status,
    chain: {
      ...status.chain,
      sync: {
        ...{ state: "syncing", phase: "blocks", height: 40, targetHeight: 120, done: 40, total: 120 },
        ...{ secondsLeft: null, words: "catching up to block 120", history: null, historyWords: null },
      },
    },
  });
  await withStatus(fetching, async (page) => {
    const line = page.getByText("Ledger: catching up to block 120.");
    await line.waitFor();
    const [above, place] = await Promise.all([
      line.locator("xpath=..").boundingBox(),
      page.locator("#place").boundingBox(),
    ]);
    assert.ok(above !== null && place !== null);
    assert.deepEqual([above.x, above.width], [place.x, place.width]);
    assert.equal(above.y + above.height, place.y);
    assert.ok(place.height > 500, `${place.height} pixels are left to the place`);
    assert.deepEqual(await violations(page), []);
  });
});

test("what keeps the ledger from growing is said beside it", async () => {
  const warnings = ["ledger-not-written", "some-other"].map((code) =>
    problem(code, `Cause of ${code}.`, "Next."),
  );
  await withStatus(
    (status) => ({ ...status, warnings }),
    async (page) => {
      await page.getByText("Cause of ledger-not-written.").waitFor();
      assert.equal(await page.getByText("Cause of some-other.").count(), 0);
      assert.deepEqual(await violations(page), []);
    },
  );
});

test("places scroll within the frame, and the frame itself never", async () => {
  for (const [width, height] of [
    [1280, 800],
    [390, 844],
  ] as const) {
    await withPage(browser, world, { width, height }, async (page) => {
      await page.goto(`${world.server.origin}/ledger`);
      await page.getByText("My names").waitFor();
      const beyond = await page.evaluate("document.documentElement.scrollHeight - window.innerHeight");
      assert.equal(beyond, 0, `${width} wide`);
    });
  }
});
