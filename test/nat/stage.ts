/**
 * Owns what one experiment in the lab needs and how it ends: namespaces, programs and folders, all gone afterwards,
 * whatever happened.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Namespace, Scope } from "../kit/namespace.ts";
import { type NatPeer, startNatPeer } from "../kit/nat-programs.ts";

export interface Stage extends Scope {
  /** A fresh folder. */
  folder(): string;
  /** A peer that takes all files, and does not mine: only its paths are looked at here. */
  peer(name: string, where: Namespace, flags: readonly string[]): Promise<NatPeer>;
}

/** Runs an experiment and clears up after it. */
export async function onStage<Outcome>(experiment: (stage: Stage) => Promise<Outcome>): Promise<Outcome> {
  const ends: (() => void | Promise<void>)[] = [];
  const folders: string[] = [];
  const folder = () => {
    const path = mkdtempSync(join(tmpdir(), "waybill-nat-"));
    folders.push(path);
    return path;
  };
  try {
    return await experiment({
      after: (end) => ends.push(end),
      folder,
      peer: (name, where, flags) =>
        startNatPeer(where, {
          ...{ name, dataDir: folder(), listen: [], accept: "all" },
          flags: ["--no-mine", ...flags],
        }),
    });
  } finally {
    for (const end of ends.reverse()) await end();
    for (const path of folders) rmSync(path, { recursive: true, force: true });
  }
}
