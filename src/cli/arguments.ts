import { InvalidArgumentError } from "commander";
import { durationFrom } from "../config/values/units.js";
import { adviceOf } from "../errors.js";

/** A whole number from 1. */
export const positive = (text: string): number => {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError("It must be a whole number from 1.");
  return number;
};

/** A part of a whole, with or without its sign. */
export const perCent = (text: string): number => {
  const number = positive(text.replace(/ ?%$/, ""));
  if (number > 100) throw new InvalidArgumentError("It must be from 1 to 100.");
  return number;
};

/** A duration such as 90s, in milliseconds. */
export const milliseconds = (text: string): number => {
  try {
    return durationFrom(text);
  } catch (error) {
    throw new InvalidArgumentError(`Here ${adviceOf(error)}.`);
  }
};

/** An option that may stand more than once. */
export const repeatable = (one: string, others: readonly string[] = []): string[] => [
  ...others,
  one,
];

/** What stands below a command's help. */
export const examples = (...lines: string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
