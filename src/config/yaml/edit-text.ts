import { type Node, type YAMLSeq, isCollection, isPair } from "yaml";

/** A text with one more item at the end of one of its lists, in the layout of the other items. */
export const withItem = (text: string, list: YAMLSeq, item: string): string => {
  const last: unknown = list.items.at(-1);
  const [from, to] = rangeOf(list);
  if (last === undefined) {
    const isBlank = text.slice(from + 1, to - 1).trim() === "";
    return splice(text, from + 1, isBlank ? to - 1 : from + 1, item);
  }
  const [start, end] = [rangeOf(last)[0], endOf(last)];
  if (list.flow !== true) return lineAfter(text, end, indentationAt(text, start) + item);
  const hasComma = withoutComments(text.slice(end, to - 1)).includes(",");
  const restOfLine = withoutComments(text.slice(end, text.indexOf("\n", end)));
  const hasOwnLine = indentationAt(text, start).trim() === "" && !restOfLine.includes("]");
  if (!hasOwnLine) return splice(text, end, end, `, ${item}`);
  const indented = indentationAt(text, start) + item + (hasComma ? "," : "");
  const extended = lineAfter(text, end, indented);
  return hasComma ? extended : splice(extended, end, end, ",");
};

/** A text without one item of one of its lists. A comment on the item's line goes with it; all others stay. */
export const withoutItem = (text: string, list: YAMLSeq, index: number): string => {
  const item: unknown = list.items[index];
  const [start, end] = [rangeOf(item)[0], endOf(item)];
  if (list.flow !== true) {
    const newline = text.indexOf("\n", end);
    return splice(text, lineStart(text, start), newline < 0 ? text.length : newline + 1, "");
  }
  const next = index + 1 < list.items.length ? rangeOf(list.items[index + 1])[0] : undefined;
  const comma = commaIn(text, end, next ?? rangeOf(list)[1] - 1);
  if (comma !== undefined) {
    const rest = /^[ \t]*/.exec(text.slice(comma + 1))?.[0].length ?? 0;
    return splice(text, start, comma + 1 + rest, "");
  }
  const before = index > 0 ? commaIn(text, endOf(list.items[index - 1]), start) : undefined;
  const without = splice(text, start, end, "");
  if (before === undefined) return without;
  const between = text.slice(before + 1, start);
  return between.trim() === "" && !between.includes("\n")
    ? splice(without, before, start, "")
    : splice(without, before, before + 1, "");
};

const withoutComments = (text: string): string => text.replaceAll(/(?<=^|\s)#.*$/gm, "");

/** The offset of the first comma between two offsets that is outside comments. */
const commaIn = (text: string, from: number, to: number): number | undefined => {
  const blanked = text
    .slice(from, to)
    .replaceAll(/(?<=^|\s)#.*$/gm, (all) => " ".repeat(all.length));
  const at = blanked.indexOf(",");
  return at < 0 ? undefined : from + at;
};

/** A text with the part between two offsets replaced. */
export const splice = (text: string, from: number, to: number, replacement: string): string =>
  text.slice(0, from) + replacement + text.slice(to);

/** A text with one more line after the line of an offset. */
export const lineAfter = (text: string, offset: number, line: string): string => {
  const newline = newlineOf(text);
  const end = text.indexOf("\n", offset);
  return end < 0 ? text + newline + line : splice(text, end + 1, end + 1, line + newline);
};

const newlineOf = (text: string): string => (text.includes("\r\n") ? "\r\n" : "\n");

/** The offset at which the line of an offset begins. */
const lineStart = (text: string, offset: number): number => text.lastIndexOf("\n", offset - 1) + 1;

/** The text before an offset on its line. */
export const indentationAt = (text: string, offset: number): string =>
  text.slice(lineStart(text, offset), offset);

/** The offsets at which a node of a YAML tree begins and its value ends. */
export const rangeOf = (node: unknown): [from: number, to: number] => {
  const [from = 0, to = 0] = (node as Node | null)?.range ?? [];
  return [from, to];
};

/** The offset at which the last value in a node ends: the range of a block includes the comments and empty lines after it. */
export const endOf = (node: unknown): number => {
  if (!isCollection(node) || node.flow === true) return rangeOf(node)[1];
  const last: unknown = node.items.at(-1);
  if (!isPair(last)) return endOf(last);
  return Math.max(endOf(last.key), endOf(last.value));
};
