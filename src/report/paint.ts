import { cut } from "../text/width.js";

/** How a span of text looks. */
type Style = "plain" | "dim" | "bold" | "good" | "bad" | "busy" | "warn";

/** A printable part of a line, with its style. */
export type Span = readonly [text: string, style?: Style];

/** A line of spans, cut to a width in columns, with colours or without. */
export const paint = (line: readonly Span[], width: number, colour: boolean): string => {
  const whole = cut(line.map(([text]) => text).join(""), width);
  if (!colour) return whole.trimEnd();
  let at = 0;
  let painted = "";
  for (const [text, style = "plain"] of line) {
    const part = whole.slice(at, at + text.length);
    at += text.length;
    const [on, off] = codes[style];
    painted += part.trim() === "" || on === "" ? part : `${on}${part}${off}`;
  }
  return painted.trimEnd();
};

const codes: Record<Style, readonly [on: string, off: string]> = {
  plain: ["", ""],
  bold: ["\x1b[1m", "\x1b[22m"],
  dim: ["\x1b[2m", "\x1b[22m"],
  good: ["\x1b[32m", "\x1b[39m"],
  bad: ["\x1b[31m", "\x1b[39m"],
  busy: ["\x1b[36m", "\x1b[39m"],
  warn: ["\x1b[33m", "\x1b[39m"],
};
