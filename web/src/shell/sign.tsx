/**
 * Draws the small signs that stand beside words of state. Drawn, not typed: the served fonts lack arrows and ticks, and
 * a substitute from elsewhere would look different on every computer.
 */
const PATHS = {
  arrow: "M2 8h11M9 4l4 4-4 4",
  "arrow-back": "M14 8H3M7 4l-4 4 4 4",
  check: "M2.5 8.5l3.5 3.5 7.5-8",
  checks: "M1 8.5l3 3.5 6.5-8M8 11.5l.5.5L15 4",
  waits: "M3 8h.01M8 8h.01M13 8h.01",
  cross: "M4 4l8 8M12 4l-8 8",
  alert: "M8 2.5v7M8 13h.01",
  star: "M8 2l1.8 3.9 4.2.5-3.1 2.9.8 4.2L8 11.4l-3.7 2.1.8-4.2L2 6.4l4.2-.5z",
  info: "M8 7.5v5M8 3.5h.01",
  asks: "M5 5.5a3 3 0 1 1 4.2 2.7C8.3 8.7 8 9.2 8 10M8 13.2h.01",
} as const;

export type SignName = keyof typeof PATHS;

/** @param says what a screen reader says in its place; nothing where the word beside it says it. */
export function Sign({ name, says }: { readonly name: SignName; readonly says?: string }) {
  return (
    <>
      <svg
        className={`sign sign-${name}`}
        viewBox="0 0 16 16"
        width="1em"
        height="1em"
        aria-hidden="true"
        focusable="false"
      >
        <path d={PATHS[name]} />
      </svg>
      {says !== undefined && <span className="hidden-words">{says}</span>}
    </>
  );
}
