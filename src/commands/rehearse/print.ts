import { comparison } from "../../rehearsal/comparison.js";
import type { Rehearsal } from "../../rehearsal/rehearsal.js";
import { measuredText, tablesOf } from "../../rehearsal/report/text.js";
import { verdict } from "../../rehearsal/verdict.js";
import { tableText } from "../../report/table.js";
import type { Terminal } from "../../report/terminal.js";

/** Prints a rehearsal, the verdict first, or as JSON. */
export const printRehearsal = (
  rehearsal: Rehearsal,
  before: Rehearsal | undefined,
  { print, screen }: Terminal,
  { json, report }: { json: boolean; report?: string },
): void => {
  const sentences = verdict(rehearsal);
  const compared = comparison(rehearsal, before);
  if (json) {
    const result = { type: "result", verdict: sentences, comparison: compared, ...rehearsal };
    return print(JSON.stringify(result));
  }
  for (const sentence of sentences) print(sentence);
  for (const { heading, columns, rows } of tablesOf(rehearsal)) {
    const isText = columns.includes("sentence");
    const right = isText ? [0] : columns.map((_, at) => at).filter((at) => at > 0);
    print(`\n${heading}\n${tableText([columns, ...rows], { right, screen })}`);
  }
  if (compared.length > 0) print(`\n${compared.join("\n")}`);
  print("");
  for (const sentence of measuredText(rehearsal)) print(sentence);
  if (report !== undefined) print(`The same with charts: ${report}`);
};
