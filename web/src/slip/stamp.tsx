/** Draws the round stamp: pressed with the block height once a slip is anchored, an empty ring while it waits. */
import { useId } from "react";
import type { AnchorView } from "#api/views.ts";

/** Stamps are never pressed quite straight; the same slip always leans the same way. */
function lean(id: string): string {
  return `${(((id.codePointAt(0) ?? 0) * 7 + (id.codePointAt(1) ?? 0) * 3) % 26) - 16}deg`;
}

export function Stamp(properties: {
  readonly slipId: string;
  readonly anchor: AnchorView | null;
  /** Ended without delivery: no stamp will come. */
  readonly ended: boolean;
  readonly size?: number;
}) {
  const { slipId, anchor, ended, size = 84 } = properties;
  const arc = useId();
  const height = anchor?.height ?? null;
  if (height === null) {
    return (
      <svg className="stamp stamp-empty" viewBox="0 0 100 100" width={size} height={size} aria-hidden="true">
        <circle cx="50" cy="50" r="46" />
        {ended ? (
          <text x="50" y="54">
            void
          </text>
        ) : (
          <>
            <text x="50" y="47">
              {anchor === null ? "place of" : "waits for"}
            </text>
            <text x="50" y="61">
              {anchor === null ? "the stamp" : "its block"}
            </text>
          </>
        )}
      </svg>
    );
  }
  const digits = String(height);
  return (
    <svg
      className="stamp stamp-pressed"
      viewBox="0 0 100 100"
      width={size}
      height={size}
      style={{ "--turn": lean(slipId) }}
      role="img"
      aria-label={`Anchored in block ${digits}`}
    >
      <defs>
        <path id={arc} d="M50 50m-34.5 0a34.5 34.5 0 1 1 69 0a34.5 34.5 0 1 1 -69 0" />
      </defs>
      <circle cx="50" cy="50" r="46.5" />
      <circle cx="50" cy="50" r="28.5" className="stamp-inner" />
      <text className="stamp-round">
        <textPath href={`#${arc}`} textLength="206">
          WAYBILL · ANCHORED · WAYBILL · ANCHORED ·
        </textPath>
      </text>
      <text x="50" y="44" className="stamp-word">
        BLOCK
      </text>
      <text x="50" y="61" className="stamp-height" style={{ fontSize: digits.length > 5 ? 12 : 17 }}>
        {digits}
      </text>
    </svg>
  );
}
