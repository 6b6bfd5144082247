import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const css = readFileSync(new URL("tokens.css", import.meta.url), "utf8");

type Theme = "day" | "night";

function palette(theme: Theme): Map<string, string> {
  const colours = new Map<string, string>();
  for (const [, name, day, night] of css.matchAll(
    /--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/g,
  )) {
    const value = theme === "day" ? day : night;
    if (name !== undefined && value !== undefined) colours.set(name, value);
  }
  return colours;
}

/** Relative luminance, WCAG 2.2. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

const GROUNDS = ["ground", "desk", "paper", "paper-mine"];
const WORDS = ["ink", "ink-soft", "vermilion", "green", "amber", "red", "focus"];
/** The outline of a field or button and the focus ring are no words: WCAG 1.4.11 asks 3:1 of them. */
const OUTLINES = ["edge"];

for (const theme of ["day", "night"] as const) {
  const colours = palette(theme);
  const colour = (name: string): string => {
    const value = colours.get(name);
    assert.ok(value !== undefined, `tokens.css defines --${name} with light-dark()`);
    return value;
  };

  test(`every colour of words stands 4.5:1 on every ground by ${theme}`, () => {
    for (const ground of GROUNDS) {
      for (const word of WORDS) {
        const ratio = contrast(colour(word), colour(ground));
        assert.ok(ratio >= 4.5, `--${word} on --${ground}: ${ratio.toFixed(2)}`);
      }
    }
  });

  test(`words on filled buttons stand 4.5:1 by ${theme}`, () => {
    assert.ok(contrast(colour("on-vermilion"), colour("vermilion")) >= 4.5);
    assert.ok(contrast(colour("paper"), colour("ink")) >= 4.5);
  });

  test(`outlines stand 3:1 on every ground by ${theme}`, () => {
    for (const ground of GROUNDS) {
      for (const line of OUTLINES) {
        const ratio = contrast(colour(line), colour(ground));
        assert.ok(ratio >= 3, `--${line} on --${ground}: ${ratio.toFixed(2)}`);
      }
    }
  });
}

test("the contrast formula gives 21 for black on white", () => {
  assert.equal(Math.round(contrast("#000000", "#ffffff")), 21);
});
