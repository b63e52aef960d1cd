/** How many columns of a terminal a text takes. It must be printable: no control characters. */
export const columns = (text: string): number => {
  // A table of 10,000 lines is mostly this.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let sum = 0;
  for (const { segment } of graphemesOf(text)) sum += graphemeColumns(segment);
  return sum;
};

/** The text within that many columns, with an ellipsis where it was longer; never half a character. */
export const cut = (text: string, width: number): string => {
  if (width <= 0) return "";
  // No line needs more: a megabyte of somebody's output must not be taken apart ten times a second.
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

/** The text with spaces behind it, up to that many columns. */
export const pad = (text: string, width: number): string =>
  text + " ".repeat(Math.max(0, width - columns(text)));

// Made when first asked for: it costs a tenth of the time of --help, which needs none.
const graphemesOf = (text: string): Intl.Segments =>
  (segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" })).segment(text);
let segmenter: Intl.Segmenter | undefined;

const graphemeColumns = (grapheme: string): number => {
  if (/^[\x20-\x7e]$/.test(grapheme)) return 1;
  if (/^[\p{Mn}\p{Me}\p{Cf}]+$/u.test(grapheme)) return 0;
  return wide.test(grapheme) ? 2 : 1;
};

// East Asian Wide and Fullwidth (Unicode's UAX 11), by block; emoji, and what a variation selector makes one.
const wide =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|[\u{17000}-\u{18cff}]|[\u{1b000}-\u{1b2ff}]|[\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|.*\ufe0f)/u;
