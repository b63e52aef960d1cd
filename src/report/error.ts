import { inspect } from "node:util";
import { UserError } from "../errors.js";
import { printable } from "../text/format.js";

/** An error as its reader sees it: what is wrong, then what to do. Never a stack trace, unless asked for. */
export const errorText = (error: unknown, debug = false): string => {
  if (debug) return `${inspect(error)}\n`;
  if (error instanceof UserError) {
    const hint = error.hint === undefined ? "" : `\n${arrow(error.hint)}`;
    return `\nerror: ${lines(error.message)}${hint}\n`;
  }
  const message = error instanceof Error ? error.message : String(error);
  const why = "this is a mistake in swarmhub, not yours: please report it";
  return `\nerror: ${lines(message)}\n${arrow(`${why}, with what the same command says with --debug`)}\n`;
};

const arrow = (text: string): string => `  → ${lines(text).replaceAll("\n", "\n    ")}`;

const lines = (text: string): string =>
  text
    .split("\n")
    .map((line) => /^ */.exec(line)?.[0] + printable(line))
    .join("\n");
