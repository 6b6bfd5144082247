/** Owns the checks that read the code without running it: types of everything, lint and format. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";

export interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

/** Runs a program of `node_modules` on this Node and gathers what it prints. */
function run(root: string, script: string, scriptArguments: readonly string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, "node_modules", script), ...scriptArguments], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const read = (text: string): void => {
      output += text;
    };
    child.stdout.setEncoding("utf8").on("data", read);
    child.stderr.setEncoding("utf8").on("data", read);
    child.once("error", reject);
    child.once("close", (code) => resolve({ ok: code === 0, output }));
  });
}

export async function checkTypes(root: string): Promise<Outcome> {
  const [main, page] = await Promise.all(
    [".", "web"].map((project) => run(root, "typescript/bin/tsc", ["-p", project, "--pretty", "false"])),
  );
  return {
    ok: main?.ok === true && page?.ok === true,
    output: `${main?.output ?? ""}${page?.output ?? ""}`,
  };
}

export async function checkLint(root: string): Promise<Outcome> {
  return run(root, "@biomejs/biome/bin/biome", ["check", "--colors=off", "--error-on-warnings"]);
}
