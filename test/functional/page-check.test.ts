/**
 * A .waybill file dropped on the page, in a real browser: the page judges it alone, with the verdict and the words of
 * `waybill verify`, however it was made; and its signature check agrees with the peer's on every edge case.
 */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { fromHex, toHex, utf8 } from "#base/bytes.ts";
import { runProgram } from "#cli/program.ts";
import { openTerminal } from "#cli/terminal.ts";
import { createKeypair, sign, verify } from "#crypto/ed25519.ts";
import { sha256 } from "#crypto/sha256.ts";
import { loadNetwork } from "#ledger/index.ts";
import {
  encodeWaybill,
  MANIFEST_BYTES_MAX,
  MANIFEST_ENTRIES_MAX,
  type Manifest,
  sortedManifest,
  WAYBILL_BYTES_MAX,
} from "#receipts/index.ts";
import { launchBrowser } from "#test/kit/browser.ts";
import { edges } from "#test/kit/ed25519-edges.ts";
import {
  closeWorld,
  focusIsVisible,
  goTo,
  openWorld,
  sidewaysScrolls,
  violations,
  type World,
  withPage,
} from "#test/kit/page.ts";
import type { HexSignature } from "#test/kit/page-verifier.ts";
import { anchorFor, filesBody, messageBody, receiptFor } from "#test/kit/waybill-sample.ts";
import { sampleAnchored, sampleFiles, sampleSigned, waybillVectors } from "#test/kit/waybill-vectors.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const ME = { path: "/me", heading: "Alice" };

const CHECK_PATIENCE_MS = 15_000;
/** The largest proof takes seconds, and many of them where other tests take the cores. */
const LARGEST_PATIENCE_MS = 60_000;

let browser: Browser;
let world: World;
let folder: string;

before(async () => {
  [browser, world, folder] = await Promise.all([
    launchBrowser(),
    openWorld(),
    mkdtemp(join(tmpdir(), "waybill-page-check-")),
  ]);
});

after(async () => {
  await browser.close();
  await closeWorld(world);
  await rm(folder, { recursive: true, force: true });
});

interface Shown {
  readonly holds: boolean;
  readonly words: string;
  readonly code: string | null;
  readonly shows: readonly string[];
  readonly doesNotShow: readonly string[];
  readonly peerAdds: readonly string[];
}

let files = 0;

/** Chooses the file and reads what the page then says. */
async function check(page: Page, bytes: Uint8Array): Promise<Shown> {
  files += 1;
  const name = `case-${files}.waybill`;
  await choose(page, name, bytes);
  return shownFor(page, name);
}

async function choose(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  const file = { name, mimeType: "application/octet-stream", buffer: Buffer.from(bytes) };
  await page.locator('input[data-attach="receipt"]').setInputFiles(file);
}

async function shownFor(page: Page, name: string, patienceMs = CHECK_PATIENCE_MS): Promise<Shown> {
  await page.getByText(`${name}, checked by this page`).waitFor({ timeout: patienceMs });
  return page.evaluate(`(() => {
    const verdict = document.querySelector(".verdict");
    const list = (title) => [...verdict.querySelectorAll("h3")]
      .filter((heading) => heading.textContent.startsWith(title))
      .flatMap((heading) => [...heading.nextElementSibling.children].map((item) => item.textContent));
    const holds = verdict.textContent.includes("This receipt holds.");
    return {
      holds,
      words: verdict.querySelector("p .small").textContent,
      code: holds ? null : verdict.querySelector(".problem code").textContent,
      shows: list("It shows"),
      doesNotShow: list("It does not show"),
      peerAdds: list("Your peer adds"),
    };
  })()`);
}

/** What the command says of the same bytes, without a peer. */
async function verdictOfCommand(bytes: Uint8Array) {
  const file = join(folder, "asked.waybill");
  await writeFile(file, bytes);
  let out = "";
  const environment = { LANG: "C.UTF-8" };
  await runProgram(["verify", file, "--json", "--data", join(folder, "no-peer")], {
    terminal: openTerminal({
      out: { write: (text: string) => (out += text) },
      err: { write: () => undefined },
      environment,
      platform: "linux",
    }),
    surroundings: { environment, platform: "linux", homeDir: folder, workingDir: folder },
    version: "1.2.3",
    interruptible: () => new AbortController().signal,
    confirm: async () => null,
    ask: async () => null,
  });
  return JSON.parse(out);
}

/** A message anchored with the work that a network which comes with Waybill demands, or with far less. */
async function anchoredInClassroom(bits?: number): Promise<Uint8Array> {
  const network = loadNetwork(await readFile(join(root, "networks", "classroom.json"), "utf8"));
  if (!network.ok) assert.fail(network.fault.cause);
  const { chainId, params } = network.value;
  const receipt = receiptFor(messageBody());
  // Found by a search from 0 on; were the genesis another, the search would go on from here.
  const header = { bits: bits ?? params.powLimitBits, nonce: bits === undefined ? 698_002n : 0n };
  return encodeWaybill({ receipt, manifest: null, anchor: anchorFor(receipt, { chainId, header }) });
}

test("every published file, and files of a network known here, get the command's verdict from the page alone", async () => {
  const cases = [
    ...waybillVectors().map(({ name, waybill }) => ({ name, bytes: fromHex(waybill) ?? utf8("not hex") })),
    { name: "anchored in a network that comes with Waybill", bytes: await anchoredInClassroom() },
    { name: "work below that network's", bytes: await anchoredInClassroom(0x1f0fffff) },
  ];
  const grades = new Set<string>();
  await withPage(browser, world, {}, async (page) => {
    let [asked, blocks] = [0, 0];
    await page.route("**/api/v1/verify", (route) => {
      asked += 1;
      return route.abort();
    });
    await goTo(page, world, ME);
    for (const { name, bytes } of cases) {
      const expected = await verdictOfCommand(bytes);
      const hasBlock = expected.height !== null;
      if (hasBlock) blocks += 1;
      const [shown] = await Promise.all([
        check(page, bytes),
        hasBlock ? page.waitForEvent("requestfailed") : undefined,
      ]);
      assert.equal(shown.holds, expected.ok, name);
      assert.equal(shown.code, expected.problem?.code ?? null, name);
      assert.deepEqual(shown.shows, expected.statements, name);
      assert.deepEqual(shown.doesNotShow, expected.limits, name);
      grades.add(shown.code ?? shown.words.replace(/^.*: /, ""));
    }
    // The peer is asked about blocks, and nothing else; a refused file is not sent to it.
    assert.deepEqual([asked, blocks > 0], [blocks, true]);
  });
  for (const each of ["signed by both.", "signed by both, and anchored.", "work-below-network"]) {
    assert.ok(grades.has(each), `${each} among ${[...grades].join(" | ")}`);
  }
});

test("what only the peer knows is shown as the peer's, and lifts what the page could not show", async () => {
  await withPage(browser, world, {}, async (page) => {
    await goTo(page, world, ME);
    const alone = await check(page, encodeWaybill(sampleSigned));
    assert.deepEqual(alone.peerAdds, []);
    await page.getByText("Asking your peer").waitFor({ state: "hidden" });
    await choose(page, "in-chain.waybill", encodeWaybill(sampleAnchored));
    await page.getByRole("heading", { name: "Your peer adds" }).waitFor();
    const shown = await shownFor(page, "in-chain.waybill");
    assert.match(shown.peerAdds[0] ?? "", /on the chain of vectors known here, with 3 confirmations/);
    assert.ok(!shown.shows.some((line) => line.includes("confirmations")));
    assert.ok(!shown.doesNotShow.some((line) => line.includes("is not known here")));
    const receipt = receiptFor(messageBody());
    const anchor = anchorFor(receipt, { chainId: sha256(utf8("a network that nobody here knows")) });
    await choose(page, "elsewhere.waybill", encodeWaybill({ receipt, manifest: null, anchor }));
    await page.getByRole("heading", { name: "Your peer adds" }).waitFor();
    const elsewhere = await shownFor(page, "elsewhere.waybill");
    assert.match(elsewhere.peerAdds[0] ?? "", /belongs to another network/);
    assert.ok(elsewhere.doesNotShow.some((line) => line.includes("is not known here")));
    // Work is a number to a page that does not know the network; the peer knows what its own demands.
    const cheap = anchorFor(receipt, { header: { bits: 0x1f7fffff } });
    await choose(page, "cheap.waybill", encodeWaybill({ receipt, manifest: null, anchor: cheap }));
    await page.getByText("Your peer refuses this receipt.").waitFor();
    const refused = await shownFor(page, "cheap.waybill");
    assert.deepEqual([refused.holds, refused.code], [false, "work-below-network"]);
  });
});

test("the button works by keyboard and a file can be dropped", async () => {
  await withPage(browser, world, {}, async (page) => {
    // Asked for before the page is opened: the browser needs a moment until it hands choosers over.
    const chosen = page.waitForEvent("filechooser");
    await goTo(page, world, ME);
    await page.getByRole("button", { name: "Choose a .waybill file" }).focus();
    assert.ok(await focusIsVisible(page));
    await page.keyboard.press("Enter");
    const chooser = await chosen;
    await chooser.setFiles({
      name: "by-keyboard.waybill",
      mimeType: "application/octet-stream",
      buffer: Buffer.from(encodeWaybill(sampleFiles)),
    });
    assert.ok((await shownFor(page, "by-keyboard.waybill")).holds);
    const hex = toHex(encodeWaybill(sampleSigned));
    const dropped = await page.evaluateHandle(`(() => {
      const bytes = Uint8Array.from("${hex}".match(/../g), (digits) => Number.parseInt(digits, 16));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], "dropped.waybill"));
      return transfer;
    })()`);
    const zone = page.getByRole("heading", { name: "Check a receipt" });
    await zone.dispatchEvent("dragenter", { dataTransfer: dropped });
    await page.getByText("Drop to check it").waitFor();
    await zone.dispatchEvent("drop", { dataTransfer: dropped });
    assert.ok((await shownFor(page, "dropped.waybill")).holds);
    assert.ok(await page.getByText("Drop to check it").isHidden());
  });
});

/** As many files as a manifest may name. */
function largestManifest(): Manifest {
  const room = Math.floor((MANIFEST_BYTES_MAX - 5) / MANIFEST_ENTRIES_MAX) - 50;
  const digest = sha256(utf8("any"));
  return sortedManifest(
    Array.from({ length: MANIFEST_ENTRIES_MAX }, (_, at) => ({
      path: `${at}`.padStart(room, "f/"),
      bytes: 1,
      modifiedMs: 0,
      digest,
    })),
  );
}

test("the page answers to its reader while the largest proof is checked, and refuses a larger file unread", async () => {
  const manifest = largestManifest();
  const largest = encodeWaybill({ receipt: receiptFor(filesBody(manifest)), manifest, anchor: null });
  assert.ok(largest.length > WAYBILL_BYTES_MAX * 0.9 && largest.length <= WAYBILL_BYTES_MAX);
  await withPage(browser, world, {}, async (page) => {
    await goTo(page, world, ME);
    await page.evaluate(`(() => {
      globalThis.frames = 0;
      const frame = () => {
        globalThis.frames += 1;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    })()`);
    await page.route("**/api/v1/verify", (route) => route.abort());
    // By its path: bytes that a test hands over are unpacked by the page itself.
    await writeFile(join(folder, "largest.waybill"), largest);
    const before = await page.evaluate("globalThis.frames");
    await page.locator('input[data-attach="receipt"]').setInputFiles(join(folder, "largest.waybill"));
    const shown = await shownFor(page, "largest.waybill", LARGEST_PATIENCE_MS);
    assert.ok(shown.holds);
    assert.match(shown.shows[0] ?? "", /of 100000 files/);
    // The check takes seconds. A page that is busy with it draws nothing meanwhile.
    const drawn = Number(await page.evaluate("globalThis.frames")) - Number(before);
    assert.ok(drawn >= 10, `${drawn} frames drawn`);
    // Another file takes the place of one that is still being checked, and ends its thread.
    const [slow] = await Promise.all([
      page.waitForEvent("worker"),
      page.locator('input[data-attach="receipt"]').setInputFiles(join(folder, "largest.waybill")),
    ]);
    let isSlowEnded = false;
    slow.once("close", () => {
      isSlowEnded = true;
    });
    const [quick, small] = await Promise.all([
      page.waitForEvent("worker").then((thread) => thread.waitForEvent("close")),
      check(page, encodeWaybill(sampleSigned)),
    ]);
    assert.ok(quick !== slow && isSlowEnded && small.holds);
    const larger = await check(page, new Uint8Array(WAYBILL_BYTES_MAX + 1));
    assert.equal(larger.code, "too-large");
  });
});

test("a thread that cannot be fetched is told, with what to do", async () => {
  await withPage(browser, world, {}, async (page) => {
    await page.route("**/check-thread-*.js", (route) => route.abort());
    await goTo(page, world, ME);
    await choose(page, "any.waybill", encodeWaybill(sampleSigned));
    await page.getByRole("alert").getByText("check-not-loaded").waitFor();
  });
});

for (const theme of ["light", "dark"] as const) {
  test(`a verdict breaks no rule of accessibility and does not scroll sideways, ${theme}`, async () => {
    await withPage(browser, world, { theme, width: 320, height: 640 }, async (page) => {
      await goTo(page, world, ME);
      for (const bytes of [encodeWaybill(sampleAnchored), new Uint8Array(9)]) {
        await check(page, bytes);
        await page.getByText("Asking your peer").waitFor({ state: "hidden" });
        assert.deepEqual(await violations(page), []);
        assert.deepEqual(await sidewaysScrolls(page), []);
      }
    });
  });
}

/** The check of the page as one script. */
async function bundledVerifier(): Promise<string> {
  const built = await build({
    configFile: false,
    root,
    logLevel: "error",
    build: {
      write: false,
      minify: false,
      lib: { entry: join(root, "test/kit/page-verifier.ts"), formats: ["iife"], name: "pageVerifier" },
    },
  });
  const [first] = Array.isArray(built) ? built : [built];
  if (first === undefined || !("output" in first)) assert.fail("vite gave nothing");
  const { code } = first.output[0];
  assert.ok(code.includes("multiplyUnsafe") && !/\bnode:/.test(code), "it is the files of the page");
  return code;
}

/** Whatever a test can make, with the verdict of the peer's library. */
async function signaturesToJudge(): Promise<readonly (readonly [HexSignature, boolean])[]> {
  const file: { readonly signatures: readonly { key: string; message: string; signature: string }[] } =
    JSON.parse(await readFile(join(root, "spec/vectors/ledger-ed25519.json"), "utf8"));
  const made = edges().map(({ key, message, signature }) => ({ key, message, signature }));
  const honest = Array.from({ length: 100 }, (_, at) => {
    const keypair = createKeypair(sha256(utf8(`signer ${at}`)));
    const message = sha256(utf8(`message ${at}`));
    const signature = sign(keypair, message);
    // Every second one with one byte changed, somewhere.
    if (at % 2 === 1) signature[at % 64] = (signature[at % 64] ?? 0) ^ (1 << (at % 8));
    return { key: keypair.publicKey, message, signature };
  });
  const published = file.signatures.map(({ key, message, signature }) => [key, message, signature] as const);
  const all = [...made, ...honest].map(
    ({ key, message, signature }) => [toHex(key), toHex(message), toHex(signature)] as const,
  );
  const bytes = (hex: string) => fromHex(hex) ?? assert.fail(hex);
  return [...published, ...all].map((one) => [one, verify(bytes(one[0]), bytes(one[1]), bytes(one[2]))]);
}

test("in the browser every edge case of Ed25519 gets the peer's verdict", async () => {
  const [code, judged] = await Promise.all([bundledVerifier(), signaturesToJudge()]);
  assert.ok(judged.length > 1_324, `${judged.length} signatures`);
  assert.ok(judged.filter(([, accepted]) => accepted).length > 70);
  await withPage(browser, world, {}, async (page) => {
    await page.evaluate(`${code}; globalThis.pageVerifier = pageVerifier;`);
    const signatures = JSON.stringify(judged.map(([signature]) => signature));
    const verdicts: readonly boolean[] = await page.evaluate(`pageVerifier.verdictsOf(${signatures})`);
    const wrong = judged.filter(([, accepted], at) => verdicts[at] !== accepted);
    assert.equal(verdicts.length, judged.length);
    assert.deepEqual(wrong, []);
  });
});
