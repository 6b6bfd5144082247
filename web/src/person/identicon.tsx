/** Draws the identicon of a key. Decoration beside a name: the name is what is read out. */
import { IDENTICON_CELLS, identicon } from "./mark.ts";
import "./person.css";

export function Identicon(properties: { readonly peerId: string; readonly size?: number }) {
  const { peerId, size = 36 } = properties;
  const { hue, cells } = identicon(peerId);
  const path = cells.map(([column, row]) => `M${column} ${row}h1v1h-1z`).join("");
  return (
    <svg
      className="identicon"
      viewBox={`-0.9 -0.9 ${IDENTICON_CELLS + 1.8} ${IDENTICON_CELLS + 1.8}`}
      width={size}
      height={size}
      style={{ "--hue": hue }}
      aria-hidden="true"
      focusable="false"
    >
      <path d={path} shapeRendering="crispEdges" />
    </svg>
  );
}
