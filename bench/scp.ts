/**
 * Owns the yardstick of `scp` with aes128-gcm over loopback: its own sshd on a free high port, with keys made for the
 * occasion in a folder of its own. Nothing of the user's ssh set-up is read or changed.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";

const CIPHER = "aes128-gcm@openssh.com";
const SSHD_PLACES = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd", "/opt/homebrew/sbin/sshd"];

export interface Scp {
  /** @returns seconds. */
  copy(source: string, target: string): Promise<number>;
  close(): Promise<void>;
}

/** `scp` that is ready to copy, or why there is none. */
export async function openScp(folder: string): Promise<Scp | { readonly why: string }> {
  const sshd = SSHD_PLACES.find((place) => existsSync(place));
  if (sshd === undefined) return { why: "sshd is not installed" };
  for (const program of ["ssh-keygen", "scp"]) {
    try {
      execFileSync("which", [program], { stdio: "ignore" });
    } catch {
      return { why: `${program} is not installed` };
    }
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const [hostKey, userKey] = [join(folder, "host"), join(folder, "user")];
  for (const key of [hostKey, userKey]) {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  }
  const port = await freePort();
  const config = join(folder, "sshd_config");
  writeFileSync(
    config,
    [
      ...[
        `Port ${port}`,
        "ListenAddress 127.0.0.1",
        `HostKey ${hostKey}`,
        `AuthorizedKeysFile ${userKey}.pub`,
      ],
      ...["StrictModes no", "UsePAM no", "PasswordAuthentication no", "PermitRootLogin yes"],
      ...[`PidFile ${join(folder, "sshd.pid")}`, "Subsystem sftp internal-sftp", ""],
    ].join("\n"),
  );
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  const server = spawn(sshd, ["-D", "-e", "-f", config], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  const listening = new Promise<boolean>((resolve) => {
    server.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes("Server listening")) resolve(true);
    });
    server.once("close", () => resolve(false));
  });
  if (!(await listening)) return { why: `sshd ended: ${said.trim().split("\n").at(-1) ?? ""}` };
  const options = [
    ...["-q", "-P", String(port), "-i", userKey, "-c", CIPHER],
    ...["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "Compression=no"],
  ];
  return {
    copy: async (source, target) => {
      const startedMs = performance.now();
      const scp = spawn("scp", [...options, source, `${userInfo().username}@127.0.0.1:${target}`], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      const [code] = await once(scp, "close");
      if (code !== 0) throw new Error(`scp ended with ${code}`);
      return (performance.now() - startedMs) / 1000;
    },
    close: async () => {
      server.kill("SIGTERM");
      if (server.exitCode === null) await once(server, "close");
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}
