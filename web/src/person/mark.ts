/**
 * Owns the two marks drawn from a key: the identicon by which a person is recognised, and the stroke with which
 * that key signs a slip. The same key gives the same marks on every computer. They help the eye; they prove
 * nothing: equality is proved by comparing the key.
 */

/** A 32-bit generator (xorshift32) seeded by FNV-1a over the key: small, and plenty for a drawing. */
function numbersFrom(key: string): () => number {
  let state = 0x811c9dc5;
  for (const character of key) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  if (state === 0) state = 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x1_0000_0000;
  };
  // The first numbers of close seeds resemble each other.
  for (let skip = 0; skip < 8; skip += 1) next();
  return next;
}

/** Grid of the identicon: 5 by 5, mirrored, so that three columns decide. */
export const IDENTICON_CELLS = 5;

export interface Identicon {
  /** 0–359: hue of the ink, which the style sheet gives a fixed lightness by day and by night. */
  readonly hue: number;
  /** Filled cells as `[column, row]`. */
  readonly cells: readonly (readonly [number, number])[];
}

export function identicon(key: string): Identicon {
  const next = numbersFrom(key);
  const hue = Math.floor(next() * 360);
  const cells: [number, number][] = [];
  const half = Math.ceil(IDENTICON_CELLS / 2);
  for (let row = 0; row < IDENTICON_CELLS; row += 1) {
    for (let column = 0; column < half; column += 1) {
      if (next() < 0.48) continue;
      cells.push([column, row]);
      const mirrored = IDENTICON_CELLS - 1 - column;
      if (mirrored !== column) cells.push([mirrored, row]);
    }
  }
  return { hue, cells };
}

/** Box of the signature's path. */
export const SIGNATURE_WIDTH = 120;
export const SIGNATURE_HEIGHT = 28;

/** The path of a handwritten stroke: a tall first letter, loops as wide and high as this hand makes them, a flourish. */
export function signaturePath(key: string): string {
  const next = numbersFrom(`signature ${key}`);
  const between = (low: number, high: number) => low + next() * (high - low);
  const round = (value: number) => Math.round(value * 10) / 10;
  // What stays the same through one hand: how close, how high, how slanted, how often it reaches up or down.
  const loops = Math.round(between(4, 10));
  const slant = between(-0.4, 0.55);
  const small = between(9, 14);
  const reaching = between(0.05, 0.4);
  const step = (SIGNATURE_WIDTH - 34) / loops;
  let x = between(3, 9);
  let path = `M${round(x)} ${round(between(13, 20))}`;
  for (let loop = 0; loop < loops; loop += 1) {
    const top = loop === 0 || next() < reaching ? between(1, 6) : small + between(-2, 2);
    const bottom = next() < reaching / 2 ? between(23, 27) : between(17, 20);
    const width = step * between(0.6, 1.5);
    const lean = slant * (bottom - top);
    path += `C${round(x + width * 0.7 + lean)} ${round(top)} ${round(x - width * 0.2 + lean)} ${round(top)} ${round(x + width * 0.35)} ${round(bottom)}`;
    x += width;
    path += `S${round(x - width * 0.2)} ${round(between(16, 22))} ${round(x)} ${round(between(14, 18))}`;
  }
  const rest = SIGNATURE_WIDTH - 2 - x;
  return `${path}q${round(rest * between(0.2, 0.7))} ${round(between(-9, 9))} ${round(rest)} ${round(between(-6, 3))}`;
}
