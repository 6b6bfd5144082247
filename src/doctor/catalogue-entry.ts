/** Owns the shape of what the doctor knows of one finding. */
import type { Area, Level } from "./types.ts";

export interface CatalogueEntry {
  readonly area: Area;
  readonly level: Level;
  readonly title: string;
  /** For the page: what it means and how it comes about. */
  readonly means: string;
  /** The usual next step; null where there is nothing to do. */
  readonly advice: string | null;
}

export const entry = (
  area: Area,
  level: Level,
  title: string,
  means: string,
  advice: string | null,
): CatalogueEntry => ({ area, level, title, means, advice });
