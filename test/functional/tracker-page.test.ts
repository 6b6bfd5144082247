/** The tracker's status page in a real browser: readable by everybody, in light and dark, narrow and wide. */
import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { createKeypair } from "#crypto/ed25519.ts";
import { launchBrowser } from "../kit/browser.ts";
import { sidewaysScrolls, violations } from "../kit/page.ts";
import { openTestTracker } from "../kit/tracker.ts";
import { presenceOf, seedOf } from "../kit/tracker-peer.ts";

/** Where to leave pictures, for whoever wants to look; unset: nowhere. */
const PICTURES = process.env["WAYBILL_PICTURES"];

test("no rule of accessibility is broken, nothing scrolls sideways, and no script runs", async (context) => {
  const browser = await launchBrowser();
  context.after(() => browser.close());
  const server = await openTestTracker({ trackers: ["other.example:28412"] });
  context.after(() => server.tracker.close());
  for (let number = 0; number < 12; number++) {
    const record = presenceOf(createKeypair(seedOf(number)), {
      name: number === 3 ? "W".repeat(60) : `Peer ${number}`,
      isListed: number % 3 !== 0 || number === 3,
    });
    const answer = await fetch(`${server.origin}/api/v1/presence`, {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream" },
      body: Buffer.from(record.bytes),
    });
    assert.equal(answer.status, 200);
  }
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [360, 1200]) {
      const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
      const errors: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(message.text());
      });
      await page.goto(server.origin);
      await page.getByRole("heading", { name: "Waybill tracker" }).waitFor();
      assert.equal(await page.getByText("Peer 1", { exact: true }).count(), 1);
      if (PICTURES !== undefined) {
        await page.screenshot({
          path: join(PICTURES, `tracker-${colorScheme}-${width}.png`),
          fullPage: true,
        });
      }
      assert.deepEqual(await sidewaysScrolls(page), []);
      assert.deepEqual(errors, []);
      assert.deepEqual(await violations(page), []);
      await page.close();
    }
  }
});
