import { isCollection, isPair, type Node } from "yaml";

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
export const lineStart = (text: string, offset: number): number =>
  text.lastIndexOf("\n", offset - 1) + 1;

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
