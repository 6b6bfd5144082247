/** Two people, two real peers, two pages in a real browser: a message and a file go from one page to the other. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { launchBrowser } from "#test/kit/browser.ts";
import { connect, must, peer, type RealPeer } from "#test/kit/process.ts";

const PATIENCE_MS = 30_000;
let browser: Browser;

before(async () => {
  browser = await launchBrowser();
});
after(async () => {
  await browser.close();
});

/** The page of `of`, open at its conversation with `other`; each person has a browser profile of their own. */
async function pageOf(context: BrowserContext, of: RealPeer, other: RealPeer): Promise<Page> {
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  await page.goto(of.pageUrl);
  const { peerId, name } = await must(other.client.status());
  await page.waitForURL((url) => url.hash === "");
  await page.goto(new URL(`/chats/${peerId}`, of.pageUrl).href);
  await page.getByRole("heading", { level: 1, name }).waitFor();
  return page;
}

test("a message and a file go from one page to the other and are stamped", async (context) => {
  const [alice, bob] = await Promise.all([
    peer(context, { name: "alice" }),
    peer(context, { name: "bob", accept: "ask" }),
  ]);
  await connect(alice, bob);
  const profiles = await Promise.all([browser.newContext(), browser.newContext({ acceptDownloads: true })]);
  const [ofAlice, ofBob] = await Promise.all([
    pageOf(profiles[0], alice, bob),
    pageOf(profiles[1], bob, alice),
  ]);

  await ofAlice.getByLabel("Message to bob").fill("Here is the study.");
  await ofAlice.keyboard.press("Enter");
  await ofBob.getByText("Here is the study.").first().waitFor();

  const content = Buffer.from("DICM and so on");
  await ofAlice
    .locator('input[data-attach="files"]')
    .setInputFiles([{ name: "study.dcm", mimeType: "application/dicom", buffer: content }]);
  const offer = ofBob.getByRole("article", { name: "Files: study.dcm" });
  await offer.getByRole("button", { name: "Accept" }).click();
  for (const page of [ofAlice, ofBob]) {
    const slip = page.getByRole("article", { name: "Files: study.dcm" });
    await slip.getByRole("img", { name: /Anchored in block/ }).waitFor();
  }
  const [received] = await must(bob.client.slips({ limit: 1 }));
  const savedTo = received?.savedTo ?? assert.fail("bob has the file");
  assert.equal(basename(savedTo), "study.dcm");
  assert.deepEqual(readFileSync(savedTo), content);

  await ofBob.getByLabel("Message to alice").fill("Thank you.");
  await ofBob.keyboard.press("Enter");
  await ofAlice.getByText("Thank you.").first().waitFor();
  await Promise.all(profiles.map((profile) => profile.close()));
});
