/**
 * Owns the browser of the tests: unpacks the one that comes as an npm package, once, and starts it without any
 * traffic of its own. It brings its libraries and fonts along, so that a bare system is enough and every machine draws
 * the same.
 */
import { spawn } from "node:child_process";
import { createReadStream, createWriteStream, existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { createBrotliDecompress } from "node:zlib";
import { type Browser, chromium } from "playwright-core";

const PACKED = fileURLToPath(new URL("../../node_modules/@sparticuz/chromium/", import.meta.url));
const CACHE = fileURLToPath(new URL("../../.cache/", import.meta.url));

/** Of the unpacked folder; raised when it is made otherwise, so that an older one is not used. */
const LAYOUT = 3;

/** A browser that looks for updates, syncs or counts would speak to strangers during a test. */
const QUIET_FLAGS = [
  // Tests run as root in containers, where the sandbox of the kernel is not to be had; they open only our own page.
  "--no-sandbox",
  "--no-zygote",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-domain-reliability",
  "--disable-sync",
  "--disable-features=Translate,OptimizationHints,MediaRouter,AutofillServerCommunication",
  "--no-pings",
  "--no-first-run",
  "--no-default-browser-check",
  "--metrics-recording-only",
  "--font-render-hinting=none",
  // Whatever name is asked for but this computer's: nothing is found.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
];

function packedVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(PACKED, "package.json"), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "unknown";
}

/**
 * The package's own names the folders of a cloud service. Without one font of its own the browser draws no text at
 * all until those of the page are there, and sometimes not even then.
 */
const inXml = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const fontsConf = (folder: string) => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>${inXml(join(folder, "fonts", "fonts"))}</dir>
  <cachedir>${inXml(join(folder, "fonts", "cache"))}</cachedir>
</fontconfig>
`;

async function inflate(file: string, target: string): Promise<void> {
  await pipeline(createReadStream(file), createBrotliDecompress(), createWriteStream(target));
}

async function unpackTar(file: string, folder: string): Promise<void> {
  const archive = `${folder}.tar`;
  await inflate(file, archive);
  await mkdir(folder, { recursive: true });
  const tar = spawn("tar", ["-x", "-f", archive, "-C", folder], { stdio: ["ignore", "ignore", "inherit"] });
  const code = await new Promise<number | null>((resolve, reject) => {
    tar.once("error", reject);
    tar.once("close", resolve);
  });
  if (code !== 0) throw new Error(`tar ended with ${code} on ${file}`);
  await rm(archive);
}

/** The folder of the unpacked browser. Made aside and renamed: two test files may come here at once. */
async function unpacked(): Promise<string> {
  const folder = join(CACHE, `chromium-${packedVersion()}-${LAYOUT}`);
  if (existsSync(folder)) return folder;
  await mkdir(CACHE, { recursive: true });
  const aside = await mkdtemp(join(CACHE, "chromium-unpacking-"));
  const bin = join(PACKED, "bin");
  await inflate(join(bin, "chromium.br"), join(aside, "chromium"));
  await chmod(join(aside, "chromium"), 0o755);
  await unpackTar(join(bin, "fonts.tar.br"), join(aside, "fonts"));
  await writeFile(join(aside, "fonts", "fonts.conf"), fontsConf(folder));
  await unpackTar(join(bin, "al2023.tar.br"), join(aside, "libraries"));
  try {
    await rename(aside, folder);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** Starts a browser. Close it with `close()`; it also ends with this process. */
export async function launchBrowser(): Promise<Browser> {
  const folder = await unpacked();
  const executablePath = join(folder, "chromium");
  return chromium.launch({
    executablePath,
    headless: true,
    args: QUIET_FLAGS,
    env: {
      LD_LIBRARY_PATH: join(folder, "libraries", "lib"),
      FONTCONFIG_PATH: join(folder, "fonts"),
      HOME: dirname(executablePath),
      // Without it, names of downloads that are not ASCII are lost.
      LANG: "C.UTF-8",
    },
  });
}
