/** Keeps checkpoints in memory, for tests and simulations. */
import { ok } from "#base/result.ts";
import type { CheckpointStore, CosignatureRow, EvidenceRow, SigningMark } from "#chain/index.ts";

export function memoryCheckpoints(): CheckpointStore {
  let mark: SigningMark | null = null;
  let final: string | null = null;
  let sought: string | null = null;
  const rows = new Map<string, CosignatureRow>();
  const evidence = new Map<string, EvidenceRow>();
  const keyOf = ({ signer, height }: Pick<CosignatureRow, "signer" | "height">) => `${signer} ${height}`;
  return {
    read: () => ({
      mark,
      final,
      sought,
      cosignatures: [...rows.values()].toSorted(
        (a, b) => a.height - b.height || (a.signer < b.signer ? -1 : 1),
      ),
      evidence: [...evidence.values()].toSorted((a, b) => (a.signer < b.signer ? -1 : 1)),
    }),
    setMark(next) {
      if (mark !== null && next.height <= mark.height) throw new Error(`mark lowered to ${next.height}`);
      mark = { ...next };
      return ok();
    },
    write(change) {
      if (change.final !== undefined) final = change.final;
      if (change.sought !== undefined) sought = change.sought;
      for (const row of change.remove ?? []) rows.delete(keyOf(row));
      for (const row of change.put ?? []) rows.set(keyOf(row), { ...row });
      for (const row of change.evidence ?? [])
        if (!evidence.has(row.signer)) evidence.set(row.signer, { ...row });
      return ok();
    },
  };
}
