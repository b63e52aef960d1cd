import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";

/** Asks for one line; undefined when the input ends without one. */
export const question = async (
  text: string,
  input: Readable,
  output: Writable,
): Promise<string | undefined> => {
  const reader = createInterface({ input, output });
  const ended = new Promise<undefined>((resolve) => reader.once("close", () => resolve(undefined)));
  try {
    return await Promise.race([reader.question(text), ended]);
  } finally {
    reader.close();
  }
};
