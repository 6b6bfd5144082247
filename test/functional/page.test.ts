/** What a person does with the page, in a real browser over the made-up world of the test kit. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { launchBrowser } from "#test/kit/browser.ts";
import { closeWorld, openWorld, personOf, TOKEN, type World, withPage } from "#test/kit/page.ts";

let browser: Browser;
let world: World;

before(async () => {
  [browser, world] = await Promise.all([launchBrowser(), openWorld()]);
});

after(async () => {
  await browser.close();
  await closeWorld(world);
});

async function openChat(page: Page, name: string): Promise<void> {
  await page.goto(`${world.server.origin}/chats/${(await personOf(world, name)).peerId}`);
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

test("the token is taken out of the address, kept, and asked for where there is none", async () => {
  await withPage(browser, world, {}, async (page) => {
    assert.equal(new URL(page.url()).hash, "");
    await page.goto(`${world.server.origin}/people`);
    await page.getByRole("heading", { name: "People", level: 1 }).waitFor();
    await page.evaluate("localStorage.clear()");
    await page.reload();
    await page.getByRole("heading", { name: "Open this page with its key" }).waitFor();
    await page.getByLabel("Address of your page").fill(`${world.server.origin}/#token=${TOKEN}`);
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByRole("heading", { name: "People", level: 1 }).waitFor();
    await page.evaluate(`localStorage.setItem("waybill.token", "wrong-wrong-wrong-wrong")`);
    await page.reload();
    await page.getByRole("heading", { name: "Open this page with its key" }).waitFor();
  });
});

test("files and folders are attached, and a slip with their state follows", async () => {
  await withPage(browser, world, {}, async (page) => {
    await openChat(page, "Carol");
    await page.getByRole("button", { name: "Attach files" }).waitFor();
    await page
      .locator('input[data-attach="files"]')
      .setInputFiles([{ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("hello, Carol") }]);
    const slip = page.getByRole("article", { name: "Files: notes.txt" });
    await slip.waitFor();
    assert.equal(Buffer.from(world.kit.uploaded.get("notes.txt") ?? []).toString(), "hello, Carol");
    await slip.getByRole("button", { name: "Cancel" }).click();
    await slip.getByText("cancelled").first().waitFor();
  });
});

test("files dropped on a person are sent to that person", async () => {
  await withPage(browser, world, {}, async (page) => {
    await openChat(page, "Erin");
    const transfer = await page.evaluateHandle(`(() => {
      const data = new DataTransfer();
      data.items.add(new File(["dropped"], "dropped.txt"));
      return data;
    })()`);
    await page.dispatchEvent(".conversation", "dragenter", { dataTransfer: transfer });
    await page.getByText("Drop to send to Erin").waitFor();
    await page.dispatchEvent(".conversation", "drop", { dataTransfer: transfer });
    await page.getByRole("article", { name: "Files: dropped.txt" }).waitFor();
  });
});

test("an offer is accepted, then downloaded; its receipt is saved", async () => {
  const own = await openWorld();
  try {
    await withPage(browser, own, {}, async (page) => {
      const carol = await own.kit.facade.person("Carol");
      if (!carol.ok) assert.fail("Carol is there");
      await page.goto(`${own.server.origin}/chats/${carol.value.peerId}`);
      const offer = page.getByRole("article", { name: "Files: minutes.odt" });
      await offer.getByText("asks for your yes").waitFor();
      await offer.getByRole("button", { name: "Accept" }).click();
      await offer.getByText("asks for your yes").waitFor({ state: "detached" });
      for (let second = 0; second < 20; second += 1) own.kit.tick();
      await offer.getByRole("img", { name: /Anchored in block/ }).waitFor();
      const saved = page.waitForEvent("download");
      await offer.getByRole("button", { name: "Save receipt" }).click();
      assert.match((await saved).suggestedFilename(), /\.waybill$/);
      const file = page.waitForEvent("download");
      await offer.getByRole("button", { name: "Download" }).click();
      assert.equal((await file).suggestedFilename(), "minutes.odt");
    });
  } finally {
    await closeWorld(own);
  }
});

test("people are added by address, named, chosen and blocked; a refusal stays beside its field", async () => {
  await withPage(browser, world, {}, async (page) => {
    await page.goto(`${world.server.origin}/people`);
    await page.getByLabel("Add somebody by address").fill("10.0.0.9:4001");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("alert").getByText("Nobody answers at 10.0.0.9:4001.").waitFor();
    await page.getByRole("alert").getByText("dial-failed").waitFor();
    await page.getByLabel("Add somebody by address").fill("127.0.0.1:4002");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("heading", { name: "Carol", level: 1 }).waitFor();
    await page.getByLabel("What you call them").fill("Carol from accounts");
    await page.getByRole("button", { name: "Keep" }).click();
    await page.getByRole("heading", { name: "Carol from accounts", level: 1 }).waitFor();
    await page.getByLabel("What you call them").fill("");
    await page.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("heading", { name: "Carol", level: 1, exact: true }).waitFor();
    await page.getByLabel("One of my contacts").click();
    await page.getByRole("checkbox", { name: "One of my contacts", checked: true }).waitFor();
    await page.getByLabel("Blocked").click();
    await page.getByText("blocked").first().waitFor();
    await page.getByLabel("Blocked").click();
    await page.getByRole("checkbox", { name: "Blocked", checked: false }).waitFor();
    await page.goto(`${world.server.origin}/people/${(await personOf(world, "Dave")).peerId}`);
    await page.getByRole("note").getByText("Dave's computer does not answer").waitFor();
  });
});

test("somebody is paid, mining is switched, and blocks land as they come", async () => {
  await withPage(browser, world, {}, async (page) => {
    await page.goto(`${world.server.origin}/ledger`);
    await page.getByLabel("Pay whom").fill("Bob from the lab");
    await page.getByLabel("How much").fill("1,2,3");
    await page.getByText("This is no amount").waitFor();
    await page.getByLabel("How much").fill("2.5");
    await page.getByRole("button", { name: "Pay" }).click();
    await page.getByRole("link", { name: "See the payment" }).waitFor();
    const mining = page.getByRole("switch", { name: "Mining" });
    await mining.click();
    await page.getByRole("switch", { name: "Mining", checked: false }).waitFor();
    await mining.click();
    await page.getByRole("switch", { name: "Mining", checked: true }).waitFor();
    const next = world.kit.feed.latest() && (await world.kit.facade.chain()).tip.height + 1;
    for (let second = 0; second < 8; second += 1) world.kit.tick();
    const block = page.getByRole("article", { name: `Block ${next}`, exact: true });
    await block.getByRole("link").click();
    await page.getByRole("heading", { name: `Block ${next}` }).waitFor();
    await page.getByRole("link", { name: /Payment.*2\.5 WAY/ }).click();
    await page.getByRole("heading", { name: "Payment" }).waitFor();
    await page.getByText("2.5 WAY").waitFor();
  });
});

test("a payment that was not made is shown until somebody has read it", async () => {
  await withPage(browser, world, {}, async (page) => {
    await page.goto(`${world.server.origin}/ledger`);
    const ended = page.getByRole("region", { name: "Not made" });
    await ended.getByText("to Carol, was good until block").waitFor();
    await ended.getByRole("button", { name: "I have read this" }).click();
    await ended.waitFor({ state: "detached" });
  });
});

test("a block is found by height, a transaction by id, and what is not there is said", async () => {
  await withPage(browser, world, {}, async (page) => {
    const block = await world.kit.facade.block("5");
    if (!block.ok) assert.fail("the kit has block 5");
    const transaction = block.value.transactions[0]?.id ?? "";
    const field = page.getByRole("textbox", { name: "Find a block or a transaction" });
    await page.goto(`${world.server.origin}/ledger`);
    await field.fill("5");
    await field.press("Enter");
    await page.getByRole("heading", { name: "Block 5" }).waitFor();
    await page.goBack();
    await field.fill(transaction);
    await field.press("Enter");
    await page.getByRole("heading", { name: "Reward" }).waitFor();
    await page.goBack();
    await field.fill("7777777");
    await field.press("Enter");
    await page.getByRole("alert").waitFor();
  });
});

test("a reorganised block slides aside and stays visible", async () => {
  await withPage(browser, world, {}, async (page) => {
    await page.goto(`${world.server.origin}/ledger`);
    const [tip] = await world.kit.facade.blocks({ limit: 1 });
    if (tip === undefined) assert.fail("the kit has blocks");
    const { height } = tip;
    await page.getByRole("article", { name: `Block ${height}`, exact: true }).waitFor();
    const rival = { ...tip, id: "f".repeat(64) as typeof tip.id };
    const chain = await world.kit.facade.chain();
    world.kit.feed.publish({ type: "chain", chain, connected: [rival], disconnected: [tip.id] });
    await page.getByText("taken out by a chain with more work").waitFor();
    assert.equal(await page.getByRole("article", { name: `Block ${height}`, exact: true }).count(), 2);
  });
});

test("when the peer goes the page says so, and goes on when it is back", async () => {
  const own = await openWorld();
  const port = Number(new URL(own.server.origin).port);
  let back: World | null = null;
  try {
    await withPage(browser, own, {}, async (page) => {
      await closeWorld(own);
      await page.getByText("Your peer does not answer.").waitFor();
      back = await openWorld(port);
      await page.getByText("Your peer does not answer.").waitFor({ state: "detached" });
    });
  } finally {
    if (back !== null) await closeWorld(back);
  }
});

test("the first minute asks for a name, shows who is here, and says what else there is to do", async () => {
  await withPage(browser, world, {}, async (page) => {
    await page.route("**/api/v1/conversations", (route) => route.fulfill({ json: [] }));
    await page.goto(`${world.server.origin}/chats`);
    const field = page.getByLabel("Your name");
    await field.fill("Alice Liddell");
    await page.getByRole("button", { name: "Use this name" }).click();
    await page.getByRole("heading", { name: "Welcome, Alice Liddell" }).waitFor();
    await page.getByText("Already here. Write to somebody").waitFor();
    await page.goto(`${world.server.origin}/me`);
    await page.getByRole("radio", { name: "Night" }).check();
    assert.equal(await page.evaluate("document.documentElement.dataset.theme"), "dark");
    await page.reload();
    await page.getByRole("radio", { name: "Night", checked: true }).waitFor();
    await page.getByLabel("Your name").fill("Alice");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Others see you as Alice.").waitFor();
  });
});

test("when and with how much of the computer is mined is chosen on the page, and what waits is the peer's answer", async () => {
  await withPage(browser, world, {}, async (page) => {
    await page.goto(`${world.server.origin}/ledger`);
    await page.getByText("When, and with how much of this computer").click();
    const settings = async () => {
      const { mode, threads, dutyPercent, afterSeconds } = await world.kit.facade.mining();
      return [mode, threads, dutyPercent, afterSeconds];
    };
    await page.getByLabel("Threads").selectOption("3");
    await page.getByLabel("They work").selectOption("25");
    await page.getByLabel("or the first has waited").selectOption("60");
    // Its state is the peer's answer: it does not change with the click itself.
    await page.getByLabel("Also while nothing waits").click();
    await page.getByLabel("or the first has waited").and(page.locator(":disabled")).waitFor();
    assert.deepEqual(await settings(), ["always", 3, 25, 60]);
    await page.getByRole("switch", { name: "Mining" }).click();
    await page.getByText("Mining is switched off.").first().waitFor();
    assert.equal((await settings())[0], "off");
  });
});
