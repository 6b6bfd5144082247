/** Owns the custom properties that components set for their style sheets. Types only. */
import "react";

declare module "react" {
  interface CSSProperties {
    "--hue"?: number;
    "--part"?: number;
    "--turn"?: string;
    "--shade"?: number;
  }
}
