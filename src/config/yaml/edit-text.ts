import { type Node, type YAMLSeq, isCollection, isPair } from "yaml";

/** A text with one more item at the end of a list in it, written as the others are. */
export const withItem = (text: string, list: YAMLSeq, item: string): string => {
  const last: unknown = list.items.at(-1);
  const [from, to] = rangeOf(list);
  if (last === undefined) {
    const isBare = text.slice(from + 1, to - 1).trim() === "";
    return splice(text, from + 1, isBare ? to - 1 : from + 1, item);
  }
  const [start, end] = [rangeOf(last)[0], endOf(last)];
  if (list.flow !== true) return lineAfter(text, end, indentationAt(text, start) + item);
  const hasComma = withoutComments(text.slice(end, to - 1)).includes(",");
  const restOfLine = withoutComments(text.slice(end, text.indexOf("\n", end)));
  const isOnItsOwn = indentationAt(text, start).trim() === "" && !restOfLine.includes("]");
  if (!isOnItsOwn) return splice(text, end, end, `, ${item}`);
  const indented = indentationAt(text, start) + item + (hasComma ? "," : "");
  const more = lineAfter(text, end, indented);
  return hasComma ? more : splice(more, end, end, ",");
};

/** A text without one item of a list in it. A comment on the line of the item goes with it, all others stay. */
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

/** The offset of a comma between two others that no comment holds. */
const commaIn = (text: string, from: number, to: number): number | undefined => {
  const hidden = text
    .slice(from, to)
    .replaceAll(/(?<=^|\s)#.*$/gm, (all) => " ".repeat(all.length));
  const at = hidden.indexOf(",");
  return at < 0 ? undefined : from + at;
};

/** A text with what lies between two offsets replaced. */
export const splice = (text: string, from: number, to: number, put: string): string =>
  text.slice(0, from) + put + text.slice(to);

/** A text with one more line after the one that an offset is in. */
export const lineAfter = (text: string, offset: number, line: string): string => {
  const newline = newlineOf(text);
  const end = text.indexOf("\n", offset);
  return end < 0 ? text + newline + line : splice(text, end + 1, end + 1, line + newline);
};

const newlineOf = (text: string): string => (text.includes("\r\n") ? "\r\n" : "\n");

/** Where the line begins that an offset is in. */
const lineStart = (text: string, offset: number): number => text.lastIndexOf("\n", offset - 1) + 1;

/** What stands before an offset on its line. */
export const indentationAt = (text: string, offset: number): string =>
  text.slice(lineStart(text, offset), offset);

/** Where a node of a YAML tree begins, and where its value ends. */
export const rangeOf = (node: unknown): [from: number, to: number] => {
  const [from = 0, to = 0] = (node as Node | null)?.range ?? [];
  return [from, to];
};

/** Where the last word of a node ends: a block's own range takes in the comments and empty lines that follow it. */
export const endOf = (node: unknown): number => {
  if (!isCollection(node) || node.flow === true) return rangeOf(node)[1];
  const last: unknown = node.items.at(-1);
  if (!isPair(last)) return endOf(last);
  return Math.max(endOf(last.key), endOf(last.value));
};
