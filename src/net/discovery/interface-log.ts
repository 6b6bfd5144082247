/**
 * Owns what announcements did on each interface since the start: sent, heard, and why not. Counts only; decides
 * nothing. An interface that went away is kept for as long as there is room: that it is gone is worth knowing.
 */
import { networkInterfaces } from "node:os";
import { type Problem, problem } from "#base/result.ts";
import type { Clock } from "#ports/clock.ts";
import { INTERFACES_REMEMBERED_MAX } from "../limits.ts";
import type { InterfaceReach } from "../reach.ts";
import { type InterfaceOf, interfaceFinder, type SystemInterfaces } from "./local-interfaces.ts";

interface Row {
  sent: number;
  heard: number;
  lastHeardMs: number | null;
  problem: Problem | null;
}

export interface InterfaceLogOptions {
  /** Names of interfaces that the user left out. */
  readonly excluded: ReadonlySet<string>;
  readonly clock: Clock;
  readonly system?: () => SystemInterfaces;
}

export class InterfaceLog {
  readonly #options: InterfaceLogOptions;
  readonly #rows = new Map<string, Row>();
  #interfaceOf: InterfaceOf;

  constructor(options: InterfaceLogOptions) {
    this.#options = options;
    this.#interfaceOf = interfaceFinder(this.#system());
  }

  /** Looks which interfaces there are now. */
  refresh(): void {
    this.#interfaceOf = interfaceFinder(this.#system());
  }

  /** Whether a packet from there is not to be heard: by an excluded interface, or by one nobody can tell. */
  isDeaf(source: string): boolean {
    const { excluded } = this.#options;
    if (excluded.size === 0) return false;
    const name = this.#interfaceOf(source);
    return name === null || excluded.has(name);
  }

  /** Addresses of interfaces that are left out: nobody elsewhere is told of them either. */
  excludedAddresses(): readonly string[] {
    const system = this.#system();
    return [...this.#options.excluded].flatMap((name) => (system[name] ?? []).map(({ address }) => address));
  }

  sent(name: string): void {
    const row = this.#row(name);
    row.sent += 1;
    row.problem = null;
  }

  heard(source: string): void {
    const name = this.#interfaceOf(source);
    if (name === null) return;
    const row = this.#row(name);
    row.heard += 1;
    row.lastHeardMs = this.#options.clock.nowMs();
  }

  failed(name: string, error: unknown): void {
    this.#row(name).problem = notSent(name, error);
  }

  list(): readonly InterfaceReach[] {
    const system = this.#system();
    const { excluded } = this.#options;
    const names = new Set([...Object.keys(system), ...excluded, ...this.#rows.keys()]);
    return [...names].slice(0, INTERFACES_REMEMBERED_MAX).map((name) => {
      const row = this.#rows.get(name);
      const addresses = (system[name] ?? []).map(({ address }) => address);
      return {
        name,
        addresses,
        excluded: excluded.has(name),
        announcementsSent: row?.sent ?? 0,
        announcementsHeard: row?.heard ?? 0,
        lastHeardMs: row?.lastHeardMs ?? null,
        problem: addresses.length === 0 ? gone(name) : (row?.problem ?? null),
      };
    });
  }

  #system(): SystemInterfaces {
    return (this.#options.system ?? networkInterfaces)();
  }

  #row(name: string): Row {
    const known = this.#rows.get(name);
    if (known !== undefined) return known;
    const row: Row = { sent: 0, heard: 0, lastHeardMs: null, problem: null };
    this.#rows.set(name, row);
    if (this.#rows.size > INTERFACES_REMEMBERED_MAX) {
      const oldest = this.#rows.keys().next();
      if (oldest.done !== true) this.#rows.delete(oldest.value);
    }
    return row;
  }
}

function gone(name: string): Problem {
  return problem(
    "interface-down",
    `The interface ${name} is down, or has no address.`,
    "Connect its cable or join its network; nothing needs to be restarted.",
  );
}

function notSent(name: string, error: unknown): Problem {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "EPERM" || code === "EACCES") {
    return problem(
      "announcement-forbidden",
      `This computer itself forbids announcements on ${name} (${code}).`,
      "Let outgoing UDP pass in the firewall of this computer, or exclude the interface.",
    );
  }
  const cause = error instanceof Error ? error.message : String(error);
  return problem(
    "announcement-not-sent",
    `The last announcement on ${name} could not be sent (${cause}).`,
    "It is tried again by itself; connecting by address works meanwhile.",
  );
}
