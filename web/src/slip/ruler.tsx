/** Draws progress as a ruler along the edge, with what is done, the rate and the time left in words. */
import type { SlipView } from "#api/views.ts";
import { formatBytes, formatRate, formatSpan } from "../look/format.ts";
import { timeLeftMs } from "./words.ts";

export function Ruler(properties: {
  readonly progress: NonNullable<SlipView["progress"]>;
  /** What moves, for a screen reader. */
  readonly label: string;
}) {
  const { progress, label } = properties;
  const { bytesDone, bytesTotal, bytesPerSecond, resumedFromBytes } = progress;
  const part = bytesTotal === 0 ? 1 : bytesDone / bytesTotal;
  const left = timeLeftMs(progress);
  const words = `${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`;
  return (
    <div className="ruler-block">
      <div
        className="ruler"
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.floor(part * 100)}
        aria-valuetext={words}
        style={{ "--part": part }}
      />
      <p className="ruler-words small mono">
        <span>{words}</span>
        {bytesPerSecond > 0 && <span>{formatRate(bytesPerSecond)}</span>}
        {left !== null && <span>{formatSpan(left)} left</span>}
        {resumedFromBytes > 0 && <span>resumed at {formatBytes(resumedFromBytes)}</span>}
      </p>
    </div>
  );
}
