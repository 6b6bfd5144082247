/** Real peers and their pages in a real browser: what goes from one page to the other, and what a peer says of itself. */
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

/** The page of `of`, open at one of its places; each person has a browser profile of their own. */
async function placeOf(context: BrowserContext, of: RealPeer, path: string): Promise<Page> {
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  await page.goto(of.pageUrl);
  await page.waitForURL((url) => url.hash === "");
  await page.goto(new URL(path, of.pageUrl).href);
  await page.getByRole("heading", { level: 1 }).first().waitFor();
  return page;
}

/** The page of `of`, open at its conversation with `other`. */
async function pageOf(context: BrowserContext, of: RealPeer, other: RealPeer): Promise<Page> {
  const { peerId, name } = await must(other.client.status());
  const page = await placeOf(context, of, `/chats/${peerId}`);
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

  const [saved] = await Promise.all([
    ofBob.waitForEvent("download"),
    offer.getByRole("button", { name: "Save receipt" }).click(),
  ]);
  const receipt = await saved.path();

  await ofBob.getByLabel("Message to alice").fill("Thank you.");
  await ofBob.keyboard.press("Enter");
  await ofAlice.getByText("Thank you.").first().waitFor();

  // What one of them saved, the other's page checks, and her peer knows the block.
  await ofAlice.goto(new URL("/me", alice.pageUrl).href);
  await ofAlice.locator('input[data-attach="receipt"]').setInputFiles(receipt);
  await ofAlice.getByText("This receipt holds.").waitFor();
  await ofAlice.getByText("checked by this page: signed by both, and anchored.").waitFor();
  await ofAlice.getByText(/^The block is on the chain of .* known here, with \d+ confirmations?:/).waitFor();
  await Promise.all(profiles.map((profile) => profile.close()));
});

test("an invite made in one page is entered in the other: each is a verified contact there", async (context) => {
  const [alice, bob] = await Promise.all([peer(context, { name: "alice" }), peer(context, { name: "bob" })]);
  const profiles = await Promise.all([browser.newContext(), browser.newContext()]);
  const [ofAlice, ofBob] = await Promise.all([
    placeOf(profiles[0], alice, "/people/invites"),
    placeOf(profiles[1], bob, "/people/invites/join"),
  ]);

  await ofAlice.getByRole("button", { name: "Make an invite" }).click();
  await ofAlice.getByRole("heading", { name: "Send the link" }).waitFor();
  const words = await ofAlice.locator(".words li").allTextContents();
  assert.equal(words.length, 8);
  const [invite] = await must(alice.client.invites());
  assert.equal(invite?.words, words.join(" "));

  await ofBob.getByLabel("The link, or the eight words").fill(invite?.link ?? "");
  await ofBob.getByRole("button", { name: "Enter" }).click();
  await ofBob.getByRole("heading", { level: 1, name: /^alice verified contact/ }).waitFor();
  await ofBob.getByText("Verified by an invite").waitFor();
  await ofAlice.getByText("used by bob").waitFor();
  await ofAlice.getByRole("link", { name: "To bob" }).click();
  await ofAlice.getByRole("heading", { level: 1, name: /^bob verified contact/ }).waitFor();

  const { phrase } = await must(alice.client.status());
  await ofBob.getByRole("link", { name: "Compare the phrase again" }).click();
  await ofBob.getByRole("heading", { name: "alice reads these" }).waitFor();
  const theirs = ofBob.getByRole("region", { name: "alice reads these" }).getByRole("listitem");
  assert.deepEqual(await theirs.allTextContents(), phrase.split(" "));
  await Promise.all(profiles.map((profile) => profile.close()));
});

test("the doctor, the trackers and the doors of a real peer are shown", async (context) => {
  const alice = await peer(context, { name: "alice" });
  const profile = await browser.newContext();
  const page = await placeOf(profile, alice, "/me/doctor");
  await page.getByText(/^Looked /).waitFor();
  const { findings } = await must(alice.client.doctor());
  const shown = await page.locator(".finding h3").allTextContents();
  assert.ok(shown.length > 3 && Math.abs(shown.length - findings.length) <= 3, shown.join(" | "));
  await page.goto(new URL("/me/reach", alice.pageUrl).href);
  const { listening } = await must(alice.client.status());
  assert.ok(listening.length > 1);
  await page.getByRole("heading", { name: "Refused since the start" }).waitFor();
  assert.equal(await page.locator(".listening tbody tr").count(), listening.length);
  await page.getByLabel("Address of a tracker").fill("127.0.0.1:1");
  await page.getByRole("button", { name: "Use it" }).click();
  await page.getByRole("article", { name: "Tracker 127.0.0.1:1" }).getByText("not reached").waitFor();
  await profile.close();
});
