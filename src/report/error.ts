import { inspect } from "node:util";
import { UserError } from "../errors.js";
import { printable } from "../text/format.js";

/** An error as the operator sees it: the reason, then the hint. A stack trace only with `debug`. */
export const errorText = (error: unknown, debug = false): string => {
  if (debug) return `${inspect(error)}\n`;
  if (error instanceof UserError) {
    const hint = error.hint === undefined ? "" : `\n${arrow(error.hint)}`;
    return `\nerror: ${lines(error.message)}${hint}\n`;
  }
  const message = error instanceof Error ? error.message : String(error);
  const hint =
    "this is a bug in swarmhub: please report it with the output of the same command with --debug";
  return `\nerror: ${lines(message)}\n${arrow(hint)}\n`;
};

const arrow = (text: string): string => `  → ${lines(text).replaceAll("\n", "\n    ")}`;

const lines = (text: string): string =>
  text
    .split("\n")
    .map((line) => /^ */.exec(line)?.[0] + printable(line))
    .join("\n");
