/** The number of terminal columns of a text, which must not contain control characters. */
export const columns = (text: string): number => {
  // The fast path: nearly all lines of a table of 10,000 lines are ASCII.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let sum = 0;
  for (const { segment } of graphemesOf(text)) sum += graphemeColumns(segment);
  return sum;
};

/** The text cut to a number of columns, with an ellipsis if it was longer; never splits a character. */
export const cut = (text: string, width: number): string => {
  if (width <= 0) return "";
  // No line needs more: a megabyte of output must not be segmented ten times a second.
  const short = text.slice(0, width * 16);
  if (short.length === text.length && columns(short) <= width) return text;
  let kept = "";
  let used = 0;
  for (const { segment } of graphemesOf(short)) {
    const more = graphemeColumns(segment);
    if (used + more > width - 1) break;
    kept += segment;
    used += more;
  }
  return `${kept}…`;
};

/** The text padded with spaces at its end to a number of columns. */
export const pad = (text: string, width: number): string =>
  text + " ".repeat(Math.max(0, width - columns(text)));

// Created at the first use: it costs a tenth of the time of --help, which does not need it.
const graphemesOf = (text: string): Intl.Segments =>
  (segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" })).segment(text);
let segmenter: Intl.Segmenter | undefined;

const graphemeColumns = (grapheme: string): number => {
  if (/^[\x20-\x7e]$/.test(grapheme)) return 1;
  if (/^[\p{Mn}\p{Me}\p{Cf}]+$/u.test(grapheme)) return 0;
  return wide.test(grapheme) ? 2 : 1;
};

// East Asian Wide and Fullwidth (Unicode's UAX 11), by block; emoji, and characters that a variation selector turns into one.
const wide =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|[\u{17000}-\u{18cff}]|[\u{1b000}-\u{1b2ff}]|[\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|.*\ufe0f)/u;
