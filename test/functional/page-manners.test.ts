/** How the page behaves everywhere: addresses, keyboard, accessibility, narrow screens, both themes. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launchBrowser } from "#test/kit/browser.ts";
import {
  closeWorld,
  focusedName,
  focusIsVisible,
  goTo,
  openWorld,
  personOf,
  placesOf,
  sidewaysScrolls,
  violations,
  type World,
  withPage,
} from "#test/kit/page.ts";

let browser: Browser;
let world: World;

before(async () => {
  [browser, world] = await Promise.all([launchBrowser(), openWorld()]);
});

after(async () => {
  await browser.close();
  await closeWorld(world);
});

test("every place has an address that can be loaded, and an address that leads nowhere says so", async () => {
  await withPage(browser, world, {}, async (page) => {
    for (const place of await placesOf(world)) await goTo(page, world, place);
    await page.goto(`${world.server.origin}/nowhere`);
    await page.getByRole("heading", { name: "Nothing has this address" }).waitFor();
    await page.goto(`${world.server.origin}/ledger/block/999999`);
    await page.getByRole("alert").waitFor();
  });
});

test("a message is written, sent and read by keyboard alone", async () => {
  await withPage(browser, world, {}, async (page) => {
    await page.goto(`${world.server.origin}/chats`);
    await page.getByRole("heading", { name: "Chats", level: 1 }).waitFor();
    await page.keyboard.press("Tab");
    assert.equal(await focusedName(page), "Skip to the content");
    const seen: string[] = [];
    for (let step = 0; step < 20 && !seen.at(-1)?.includes("Grace"); step += 1) {
      await page.keyboard.press("Tab");
      seen.push(await focusedName(page));
      assert.ok(await focusIsVisible(page), `focus is seen on ${seen.at(-1)}`);
    }
    for (const name of ["Chats", "People", "Ledger", "Me", "Carol", "Grace"]) {
      assert.ok(
        seen.some((each) => each.includes(name)),
        `${name} among ${seen.join(" | ")}`,
      );
    }
    await page.keyboard.press("Enter");
    const field = page.getByRole("textbox", { name: "Message to Grace" });
    await field.waitFor();
    await field.focus();
    await page.keyboard.type("First line");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("second line");
    await page.keyboard.press("Enter");
    await page.getByRole("article", { name: "Message from Alice" }).getByText("second line").waitFor();
    assert.equal(await field.inputValue(), "");
  });
});

for (const theme of ["light", "dark"] as const) {
  for (const width of [1280, 390]) {
    test(`no place breaks a rule of accessibility, ${theme}, ${width} px wide`, async () => {
      await withPage(browser, world, { width, theme }, async (page) => {
        for (const place of await placesOf(world)) {
          await goTo(page, world, place);
          assert.deepEqual(await violations(page), [], place.path);
        }
      });
    });
  }
}

test("nothing scrolls sideways at 320 px, which is also 1280 px at 400 % zoom", async () => {
  await withPage(browser, world, { width: 320, height: 640 }, async (page) => {
    for (const place of await placesOf(world)) {
      await goTo(page, world, place);
      assert.deepEqual(await sidewaysScrolls(page), [], place.path);
    }
  });
});

test("a conversation of 1,200 slips keeps few in the document, starts at the newest, and is read to the first", async () => {
  const bob = await personOf(world, "Bob");
  const sample = await world.kit.facade.slips({ who: "Bob", limit: 50 });
  const message = sample.ok ? sample.value.find(({ kind }) => kind === "message") : undefined;
  if (message === undefined) assert.fail("the kit has a message of Bob");
  await withPage(browser, world, {}, async (page) => {
    await page.route("**/api/v1/slips?*", (route) => {
      const { searchParams } = new URL(route.request().url());
      const before = Number(searchParams.get("before") ?? 1_201);
      const limit = Number(searchParams.get("limit"));
      const orders = Array.from({ length: limit }, (_, index) => before - 1 - index).filter(
        (order) => order > 0,
      );
      return route.fulfill({
        json: orders.map((order) => ({ ...message, id: `slip-${order}`, order, text: `number ${order}.` })),
      });
    });
    await page.goto(`${world.server.origin}/chats/${bob.peerId}`);
    await page.getByText("number 1200.").waitFor();
    const history = page.getByRole("region", { name: /^Slips between/ });
    assert.ok((await history.getByRole("article").count()) < 60);
    await history.focus();
    for (
      let press = 0;
      press < 400 && !(await page.getByText("number 1.", { exact: true }).isVisible());
      press += 1
    ) {
      await page.keyboard.press("Home");
    }
    await page.getByText("number 1.", { exact: true }).waitFor();
    assert.ok((await history.getByRole("article").count()) < 60);
  });
});
