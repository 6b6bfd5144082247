/** A list that scrolls by itself, and that the keyboard can reach and scroll as well. */
import type { ReactNode, Ref } from "react";

export function ScrollRegion(properties: {
  readonly ref: Ref<HTMLElement>;
  readonly className: string;
  readonly label: string;
  readonly children: ReactNode;
}) {
  const { ref, className, label, children } = properties;
  return (
    <section
      ref={ref}
      className={className}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (axe: scrollable-region-focusable)
      tabIndex={0}
    >
      {children}
    </section>
  );
}
