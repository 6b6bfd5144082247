/**
 * `node tools/build-kernel.ts`: compiles assembly/ into the two kernels of the miner, src/mining/kernel-*.wasm, which
 * are committed, so that a start needs no compiler. A test builds them anew and compares the bytes.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";

const ROOT = resolve(import.meta.dirname, "..");

export const KERNELS = ["simd", "scalar"] as const;
export type KernelName = (typeof KERNELS)[number];

export const kernelPath = (name: KernelName): string => join(ROOT, "src", "mining", `kernel-${name}.wasm`);

/** No runtime, no allocation, and no table of checks: the memory is laid out by the source. */
const OPTIONS = ["-O3", "--converge", "--runtime", "stub", "--noAssert"];
const FEATURES: Readonly<Record<KernelName, readonly string[]>> = { simd: ["--enable", "simd"], scalar: [] };
const OUTPUT = "kernel.wasm";

/** The part of the compiler that is used here. Its own types declare another `console` for the whole project. */
interface Compiler {
  main(
    command: readonly string[],
    files: {
      readFile(file: string): string | null;
      writeFile(file: string, contents: Uint8Array | string): void;
      listFiles(): readonly string[];
    },
  ): Promise<{ readonly error: Error | null; readonly stderr: { toString(): string } }>;
}

async function loadCompiler(): Promise<Compiler> {
  const name: string = "assemblyscript/asc";
  return ((await import(name)) as { readonly default: Compiler }).default;
}

/** @throws Error with what the compiler says. */
export async function buildKernel(name: KernelName): Promise<Uint8Array> {
  let built: Uint8Array | null = null;
  const command = [`assembly/${name}.ts`, "--outFile", OUTPUT, ...OPTIONS, ...FEATURES[name]];
  const compiler = await loadCompiler();
  const { error, stderr } = await compiler.main(command, {
    readFile: readSource,
    writeFile(file, contents) {
      if (file === OUTPUT && typeof contents !== "string") built = Uint8Array.from(contents);
    },
    listFiles: () => [],
  });
  if (error !== null || built === null) throw new Error(`${error?.message}\n${stderr.toString()}`);
  return built;
}

function readSource(file: string): string | null {
  try {
    return readFileSync(join(ROOT, file), "utf8");
  } catch {
    return null;
  }
}

if (process.argv[1] === import.meta.filename) {
  for (const name of KERNELS) {
    const bytes = await buildKernel(name);
    writeFileSync(kernelPath(name), bytes);
    console.log(`src/mining/kernel-${name}.wasm: ${bytes.length} bytes`);
  }
}
