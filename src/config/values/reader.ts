import { UserError } from "../../errors.js";

/** What a key takes: in words, and an example as it stands in the file. A hidden value never appears in a complaint. */
export type Meaning = { what: string; example?: string; hidden?: boolean };

/** Reads the text of a key into a T. Throws a UserError that says what is expected. */
export type Reader<T> = Meaning & ((text: string) => T);

/** The error for a text that is refused: why, where it is not obvious, and what to write instead. */
export type Reject = (why?: string, hint?: string) => UserError;

/** A reader of a kind of value; `read` throws `reject(…)`. */
export const reader = <T>(
  meaning: Meaning,
  read: (text: string, reject: Reject) => T,
): Reader<T> => {
  const reject: Reject = (why, hint) =>
    new UserError(expectation(meaning) + (why === undefined ? "" : ` (${why})`), { hint });
  return Object.assign((text: string): T => read(text, reject), meaning);
};

/** "expected a size such as 5G". */
export const expectation = ({ what, example }: Meaning): string => {
  if (example === undefined) return `expected ${what}`;
  return `expected ${what}${what.includes(",") ? "," : ""} such as ${example}`;
};

/** `did you mean "5G"?` */
export const didYouMean = (text: string): string => `did you mean ${JSON.stringify(text)}?`;
