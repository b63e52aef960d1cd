import { InvalidArgumentError } from "commander";
import { type Moment, momentFrom } from "../config/values/moment.js";
import { bytesFrom, durationFrom } from "../config/values/units.js";
import { adviceOf } from "../errors.js";
import { capitalized } from "../text/format.js";

/** A whole number, 1 or more. */
export const positive = (text: string): number => {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError("It must be a whole number, 1 or more.");
  return number;
};

/** A percentage, with or without its sign. */
export const perCent = (text: string): number => {
  const number = positive(text.replace(/ ?%$/, ""));
  if (number > 100) throw new InvalidArgumentError("It must be between 1 and 100.");
  return number;
};

/** A duration such as 90s, in milliseconds. */
export const milliseconds = (text: string): number => argument(durationFrom, text);

/** A time in the future, in the time zone of this machine. */
export const moment = (text: string): Moment => argument(momentFrom, text);

const argument = <T>(read: (text: string) => T, text: string): T => {
  try {
    return read(text);
  } catch (error) {
    throw new InvalidArgumentError(`${capitalized(adviceOf(error))}.`);
  }
};

/** A size such as 50M, in bytes. */
export const size = (text: string): number => {
  try {
    return bytesFrom(text);
  } catch (error) {
    throw new InvalidArgumentError(`${capitalized(adviceOf(error))}.`);
  }
};

/** An option that may be given more than once. */
export const repeatable = (one: string, others: readonly string[] = []): string[] => [
  ...others,
  one,
];

/** The examples below a command's help. */
export const examples = (...lines: string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
