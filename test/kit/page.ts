/**
 * Owns a page in a real browser over the made-up world of `facade.ts`, for the tests of the page: opening it, the
 * addresses of its places, and what is measured in it. What runs inside the page is text, since these files know
 * no document.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { openServer, type RunningServer } from "#api/server.ts";
import { systemClock, systemRandom } from "#node/system.ts";
import type { Log } from "#ports/log.ts";
import { createKitFacade, type KitFacade } from "./facade.ts";

const WEB_ROOT = fileURLToPath(new URL("../../dist/web", import.meta.url));
const AXE = readFileSync(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
export const TOKEN = "page-test-".padEnd(43, "t");
/** A page that has not done it by now on a busy machine does not do it. */
const PATIENCE_MS = 15_000;

const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  fault: (message, error) => console.error(message, error),
  child: () => silent,
};

export interface World {
  readonly kit: KitFacade;
  readonly server: RunningServer;
}

export async function openWorld(port = 0): Promise<World> {
  assert.ok(existsSync(`${WEB_ROOT}/index.html`), "the page is built first: npm run build");
  const kit = createKitFacade({ nowMs: Date.now, epoch: String(Date.now()) });
  const opened = await openServer(
    { port, token: TOKEN, webRoot: WEB_ROOT, version: "0.1.0" },
    { facade: kit.facade, log: silent, clock: systemClock(0), random: systemRandom },
  );
  if (!opened.ok) assert.fail(opened.fault.cause);
  return { kit, server: opened.value };
}

export async function closeWorld({ kit, server }: World): Promise<void> {
  await server.close();
  await kit.close();
}

export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "light" | "dark";
}

/** Opens the page with its token, and fails when the page throws or logs an error. */
export async function withPage(
  browser: Browser,
  world: World,
  look: Look,
  work: (page: Page) => Promise<void>,
): Promise<void> {
  const { width = 1280, height = 800, theme = "light" } = look;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: "reduce",
    acceptDownloads: true,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    // A refusal of the peer is a status that the browser logs by itself; the page shows it.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
      faults.push(message.text());
    }
  });
  try {
    await page.goto(`${world.server.origin}/#token=${TOKEN}`);
    await page.getByRole("navigation", { name: "Places" }).waitFor();
    await work(page);
    assert.deepEqual(faults, []);
  } finally {
    await context.close();
  }
}

export async function personOf({ kit }: World, name: string) {
  const found = await kit.facade.person(name);
  if (!found.ok) assert.fail(found.fault.cause);
  return found.value;
}

/** The one whose key looks like that of somebody known. */
export async function standInOf({ kit }: World) {
  const found = (await kit.facade.people()).find(({ standIn }) => standIn !== null);
  return found ?? assert.fail("the kit has somebody with a changed key");
}

export interface Place {
  readonly path: string;
  readonly heading: string | RegExp;
}

/** One address of every kind. */
export async function placesOf(world: World): Promise<readonly Place[]> {
  const bob = await personOf(world, "Bob");
  const erin = await personOf(world, "Erin");
  const dave = await personOf(world, "Dave");
  const newDave = await standInOf(world);
  const [invite] = await world.kit.facade.invites();
  const slips = await world.kit.facade.slips({ who: "Bob", limit: 50 });
  const block = await world.kit.facade.block("3");
  if (!slips.ok || !block.ok) assert.fail("the kit has slips and blocks");
  const files = slips.value.find(({ title }) => title === "scan-0412");
  return [
    { path: "/chats", heading: "Chats" },
    { path: `/chats/${bob.peerId}`, heading: "Bob from the lab" },
    { path: "/people", heading: "People" },
    { path: `/people/${bob.peerId}`, heading: "Bob from the lab" },
    { path: `/people/${newDave.peerId}`, heading: "Is this Dave?" },
    { path: `/people/${erin.peerId}/phrase`, heading: "Compare the phrase with Erin" },
    { path: `/chats/${newDave.peerId}`, heading: "Is this Dave?" },
    { path: "/people/invites", heading: "Invite somebody" },
    { path: `/people/invites/${invite?.id}`, heading: /^Invite: Frank/ },
    { path: "/people/invites/join", heading: "I was invited" },
    { path: "/people/scan", heading: "Look around" },
    { path: "/ledger", heading: "Ledger" },
    { path: `/ledger/block/${block.value.id}`, heading: /Block 3/ },
    { path: `/ledger/transaction/${block.value.transactions[0]?.id}`, heading: /Reward/ },
    { path: `/slips/${files?.id}`, heading: "scan-0412" },
    { path: "/me", heading: "Alice" },
    { path: "/me/doctor", heading: "A firewall on this computer drops what comes in" },
    { path: `/me/doctor/${dave.peerId}`, heading: "Dave does not answer anywhere" },
    { path: "/me/reach", heading: "Refused since the start" },
  ];
}

export async function goTo(page: Page, world: World, place: Place): Promise<void> {
  await page.goto(world.server.origin + place.path);
  await page.getByRole("heading", { name: place.heading }).first().waitFor();
}

/** Every broken rule of axe-core, of any weight, with the first element that breaks it. */
export async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  return page.evaluate(`axe.run().then(({ violations }) =>
    violations.map(({ id, impact, nodes }) => impact + " " + id + ": " + nodes[0].html))`);
}

export function focusedName(page: Page): Promise<string> {
  return page.evaluate(
    `document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent ?? ""`,
  );
}

/** Whether the focused element is outlined. */
export function focusIsVisible(page: Page): Promise<boolean> {
  return page.evaluate(`(() => {
    const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
    return outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2;
  })()`);
}

/** What a reader would have to scroll sideways: the window itself, or any part of the place. */
export function sidewaysScrolls(page: Page): Promise<readonly string[]> {
  return page.evaluate(`[document.documentElement, ...document.querySelectorAll("main, main *")]
    .filter((element) => element.scrollWidth > element.clientWidth + 1)
    .filter((element) => element === document.documentElement
      || ["auto", "scroll"].includes(getComputedStyle(element).overflowX))
    .map((element) => element.tagName + "." + element.className)`);
}
