import "react";

declare module "react" {
  /** Custom properties that components set for their style sheet. */
  interface CSSProperties {
    "--hue"?: number;
    "--part"?: number;
    "--turn"?: string;
    "--shade"?: number;
  }
}
