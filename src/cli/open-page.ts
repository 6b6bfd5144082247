/**
 * Owns showing the page in the user's browser. The address given to the browser holds a one-use ticket and not the
 * token: other users of a computer can read the arguments of every process.
 */
import { spawn } from "node:child_process";
import type { Client } from "#api/client.ts";
import type { Surroundings } from "./data-dir.ts";

/** The command that opens an address; `null` where there is no screen to open it on. */
export function browserCommand({
  platform,
  environment,
}: Surroundings): readonly [string, ...string[]] | null {
  if (platform === "darwin") return ["open"];
  // The empty argument is the window title, which `start` would take the address for.
  if (platform === "win32") return ["cmd", "/c", "start", ""];
  return environment["DISPLAY"] || environment["WAYLAND_DISPLAY"] ? ["xdg-open"] : null;
}

/** True when a browser was asked to show the page; whether it did is up to the desktop. */
export async function openPage(client: Client, surroundings: Surroundings): Promise<boolean> {
  const command = browserCommand(surroundings);
  if (command === null) return false;
  const ticket = await client.pageTicket();
  if (!ticket.ok) return false;
  const [program, ...args] = command;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const browser = spawn(program, [...args, ticket.value.url], { detached: true, stdio: "ignore" });
  browser.once("error", () => resolve(false));
  browser.once("spawn", () => resolve(true));
  browser.unref();
  return await promise;
}
