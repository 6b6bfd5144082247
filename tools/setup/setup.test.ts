import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type TestContext, test } from "node:test";
import { firstDifference, isInstalled, nodeBinary } from "./install.mjs";
import { isStale, STALE_MS, withLock } from "./lock.mjs";
import { sourcesDigest } from "./page.mjs";

const ROOT = resolve(import.meta.dirname, "..", "..");

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "waybill-setup-"));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

test("an install that agrees with the lockfile is recognised, and each kind of difference is named", () => {
  const lockfile = {
    packages: {
      "": {},
      "node_modules/a": { version: "1.0.0", integrity: "x" },
      "node_modules/mac": { version: "1.0.0", optional: true },
    },
  };
  const installed = { packages: { "node_modules/a": { version: "1.0.0", integrity: "x" } } };
  assert.equal(firstDifference(lockfile, installed), null);
  assert.match(firstDifference(lockfile, null) ?? "", /nothing/);
  assert.match(firstDifference(lockfile, { packages: {} }) ?? "", /a is missing/);
  const other = { packages: { "node_modules/a": { version: "1.0.1", integrity: "x" } } };
  assert.match(firstDifference(lockfile, other) ?? "", /another version/);
  const extra = { packages: { ...installed.packages, "node_modules/b": { version: "1.0.0" } } };
  assert.match(firstDifference(lockfile, extra) ?? "", /b is not in the lockfile/);
});

test("an install counts only with the Node it brings, and is known by a stamp the next time", (t) => {
  const root = folder(t);
  mkdirSync(join(root, "node_modules", "node", "bin"), { recursive: true });
  writeFileSync(join(root, "package-lock.json"), '{"packages":{}}');
  writeFileSync(join(root, "node_modules", ".package-lock.json"), '{"packages":{}}');
  assert.equal(isInstalled(root), false, "no Node yet");
  writeFileSync(nodeBinary(root), "");
  assert.equal(isInstalled(root), true);
  rmSync(join(root, "node_modules", ".package-lock.json"));
  assert.equal(isInstalled(root), true, "told by the stamp alone");
  writeFileSync(join(root, "package-lock.json"), '{"packages":{"node_modules/a":{"version":"1.0.0"}}}');
  assert.equal(isInstalled(root), false, "the lockfile changed");
});

test("the page's digest follows its sources, and not its tests", (t) => {
  const root = folder(t);
  mkdirSync(join(root, "web"));
  writeFileSync(join(root, "web", "a.ts"), "1");
  const first = sourcesDigest(root);
  writeFileSync(join(root, "web", "a.test.ts"), "1");
  assert.equal(sourcesDigest(root), first);
  writeFileSync(join(root, "web", "a.ts"), "2");
  assert.notEqual(sourcesDigest(root), first);
});

test("one at a time holds the lock, and the next one comes when it is given back", async (t) => {
  const file = join(folder(t), "deep", "lock");
  const order: string[] = [];
  const said: string[] = [];
  const held = Promise.withResolvers<void>();
  const first = withLock(file, { say: () => undefined }, async () => {
    order.push("first in");
    await held.promise;
    order.push("first out");
  });
  const second = withLock(
    file,
    {
      say: (line) => {
        said.push(line);
        held.resolve();
      },
    },
    async () => {
      order.push("second in");
    },
  );
  await Promise.all([first, second]);
  assert.deepEqual(order, ["first in", "first out", "second in"]);
  assert.match(said.join(), new RegExp(`process ${process.pid}`));
  assert.equal(existsSync(file), false);
});

test("a lock whose holder has died, or has not moved for long, is taken over", async (t) => {
  const file = join(folder(t), "lock");
  const gone = spawn(process.execPath, ["-e", ""]);
  await once(gone, "exit");
  writeFileSync(file, `${gone.pid} 0\n`);
  assert.equal(isStale(file), true);
  assert.equal(await withLock(file, { say: () => undefined }, async () => "done"), "done");

  writeFileSync(file, `${process.pid} 0\n`);
  assert.equal(isStale(file), false);
  const old = new Date(Date.now() - STALE_MS - 1_000);
  utimesSync(file, old, old);
  assert.equal(isStale(file), true);
});

/** Runs a script through the runner of this clone, which has nothing to set up. */
function runnerIn(
  t: TestContext,
  script: string,
): { readonly child: ChildProcess; readonly output: () => string } {
  const root = folder(t);
  writeFileSync(join(root, "script.mjs"), script);
  const child = spawn(
    process.execPath,
    [join(ROOT, "tools", "run.mjs"), "--no-page", join(root, "script.mjs"), "word"],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  t.after(() => child.kill("SIGKILL"));
  let printed = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  return { child, output: () => printed };
}

test("the runner hands on arguments and exit code", async (t) => {
  const { child, output } = runnerIn(
    t,
    "console.log(process.argv[2], process.versions.node); process.exitCode = 7;",
  );
  const [code] = await once(child, "close");
  assert.equal(code, 7);
  const { version } = JSON.parse(readFileSync(join(ROOT, "node_modules", "node", "package.json"), "utf8"));
  assert.equal(output(), `word ${version}\n`);
});

test("the runner has Node keep what it compiled, where its caller names no other place", async (t) => {
  const script = join(folder(t), "print.ts");
  writeFileSync(script, "process.stdout.write(process.env.NODE_COMPILE_CACHE ?? '');");
  const place = (environment: NodeJS.ProcessEnv) => {
    const argv = [join(ROOT, "tools", "run.mjs"), "--no-page", script];
    return execFileSync(process.execPath, argv, { cwd: ROOT, encoding: "utf8", env: environment });
  };
  const { NODE_COMPILE_CACHE: _, ...environment } = process.env;
  assert.equal(place(environment), join(ROOT, "node_modules", ".cache", "waybill"));
  assert.equal(place({ ...environment, NODE_COMPILE_CACHE: "/elsewhere" }), "/elsewhere");
});

test("a signal that is repeated at once reaches the script once, and the runner waits for its end", async (t) => {
  const { child, output } = runnerIn(
    t,
    `let count = 0;
     process.on("SIGTERM", () => {
       count += 1;
       console.log("heard");
       setInterval(() => { console.log("got", count); process.exit(3); }, 300);
     });
     console.log("ready");
     setInterval(() => {}, 1000);`,
  );
  const stdout = child.stdout ?? assert.fail();
  while (!output().includes("ready")) await once(stdout, "data");
  child.kill("SIGTERM");
  while (!output().includes("heard")) await once(stdout, "data");
  child.kill("SIGTERM");
  const [code] = await once(child, "close");
  assert.equal(code, 3);
  assert.match(output(), /got 1\n/);
});
