import test from "ava";
import { UserError, adviceOf } from "../../../src/errors.js";

/** Tests that a reader accepts the good texts, and refuses each bad one with a UserError. */
export const accepts = (
  what: string,
  read: (text: string) => unknown,
  { good, bad }: { good: readonly string[]; bad: readonly string[] },
): void => {
  for (const text of good)
    test(`${JSON.stringify(text)} is ${what}`, (t) => t.notThrows(() => read(text)));
  for (const text of bad)
    test(`${shortened(text)} is not ${what}`, (t) => {
      t.throws(() => read(text), { instanceOf: UserError });
    });
};

/** The advice of a reader about a bad text. */
export const adviceAbout = (read: (text: string) => unknown, text: string): string => {
  try {
    read(text);
    return "";
  } catch (error) {
    return adviceOf(error);
  }
};

const shortened = (text: string): string =>
  text.length > 60
    ? `${JSON.stringify(text.slice(0, 20))}… (${text.length})`
    : JSON.stringify(text);
