/**
 * Owns the way to the terminal: what it can show, and the two streams. All that is printed passes through here, so
 * nothing unsafe can be forgotten.
 */
import { oneLine, safeJson, toAscii } from "./terminal-text.ts";

/**
 * `stamp` is the one accent; the others never carry meaning without a word beside them. `paper` is black on white and
 * `ink` white on black, whatever the terminal's own colours: for what a camera reads.
 */
const STYLES = ["strong", "faint", "good", "bad", "stamp", "paper", "ink"] as const;
export type Style = (typeof STYLES)[number];

export interface Glyphs {
  readonly arrow: string;
  readonly check: string;
  readonly cross: string;
  readonly dot: string;
  readonly stamp: string;
  readonly perforation: string;
  readonly ellipsis: string;
  readonly barFull: string;
  readonly barEmpty: string;
  readonly separator: string;
}

export const UNICODE_GLYPHS: Glyphs = {
  arrow: "→",
  check: "✓",
  cross: "✗",
  dot: "○",
  stamp: "◉",
  perforation: "┄",
  ellipsis: "…",
  barFull: "█",
  barEmpty: "░",
  separator: " · ",
};

export const ASCII_GLYPHS: Glyphs = {
  arrow: "->",
  check: "+",
  cross: "x",
  dot: ".",
  stamp: "@",
  perforation: "- ",
  ellipsis: "...",
  barFull: "#",
  barEmpty: ".",
  separator: ", ",
};

export interface Terminal {
  readonly columns: number;
  readonly glyphs: Glyphs;
  /** Colours the words where colours are wanted, else gives them as they are. The words must be safe already. */
  style(words: string, style: Style): string;
  /** One line, or several with line breaks, to standard output. */
  print(lines: string): void;
  printJson(value: unknown): void;
  /** On one line, for programs that read line by line. */
  printJsonLine(value: unknown): void;
  /** To standard error. */
  warn(lines: string): void;
  warnJson(value: unknown): void;
  /** Replaces the line shown before, on standard error, where that is a terminal; `null` removes it. */
  live(line: string | null): void;
}

export interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface TerminalOptions {
  readonly out: OutputStream;
  readonly err: OutputStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
}

const CODES: Readonly<Record<Style, string>> = {
  strong: "1",
  faint: "2",
  good: "32",
  bad: "31",
  stamp: "38;5;203",
  paper: "38;5;16;48;5;231",
  ink: "38;5;231;48;5;16",
};

const COLUMNS_WITHOUT_TERMINAL = 100;
const ESCAPE = String.fromCharCode(27);
const RESET = `${ESCAPE}[0m`;
const colour = (style: Style) => `${ESCAPE}[${CODES[style]}m`;
const OWN_CODES = new RegExp(
  `(${[RESET, ...STYLES.map(colour)].map((code) => code.replace("[", "\\[")).join("|")})`,
);

/** Whether the locale can show more than ASCII: POSIX asks LC_ALL, LC_CTYPE and LANG, in this order. */
function speaksUnicode(environment: TerminalOptions["environment"], platform: string): boolean {
  if (environment["TERM"] === "linux" || environment["TERM"] === "dumb") return false;
  const locale = environment["LC_ALL"] || environment["LC_CTYPE"] || environment["LANG"] || "";
  if (locale === "") return platform === "win32" || platform === "darwin";
  return /utf-?8/i.test(locale);
}

export function openTerminal(options: TerminalOptions): Terminal {
  const { out, err, environment, platform } = options;
  const unicode = speaksUnicode(environment, platform);
  // NO_COLOR (no-color.org): present and not empty means no colours.
  const colours = out.isTTY === true && !environment["NO_COLOR"] && environment["TERM"] !== "dumb";
  const shown = (lines: string) => safeKeepingColours(lines, unicode);
  let liveShown = false;
  const clearLive = () => {
    if (liveShown) err.write(`\r${ESCAPE}[K`);
    liveShown = false;
  };
  return {
    columns: out.columns ?? COLUMNS_WITHOUT_TERMINAL,
    glyphs: unicode ? UNICODE_GLYPHS : ASCII_GLYPHS,
    style: (words, style) => (colours ? colour(style) + words + RESET : words),
    print: (lines) => {
      clearLive();
      out.write(`${shown(lines)}\n`);
    },
    printJson: (value) => out.write(`${safeJson(value)}\n`),
    printJsonLine: (value) => out.write(`${safeJson(value, 0)}\n`),
    warn: (lines) => {
      clearLive();
      err.write(`${shown(lines)}\n`);
    },
    warnJson: (value) => {
      clearLive();
      err.write(`${safeJson(value)}\n`);
    },
    live: (line) => {
      if (err.isTTY !== true || environment["TERM"] === "dumb") return;
      clearLive();
      if (line !== null) {
        err.write(shown(line));
        liveShown = true;
      }
    },
  };
}

/**
 * The last gate: whatever was printed without being made safe before can at most bear one of our own colours, which
 * the end of the text takes back.
 */
function safeKeepingColours(lines: string, unicode: boolean): string {
  return lines
    .split(OWN_CODES)
    .map((part, at) => (at % 2 === 1 ? part : part.split("\n").map(oneLine).join("\n")))
    .map((part, at) => (unicode || at % 2 === 1 ? part : toAscii(part)))
    .join("");
}
