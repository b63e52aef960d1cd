import * as z from "zod";
import { UserError, adviceOf, shown } from "../../errors.js";

/** What a key holds, in words, and an example of it as it would stand in the file. */
export type Meaning = { what: string; example: string };

/** A key that holds one text, read into a T; `read` throws a UserError. A hidden one is never repeated in a complaint. */
export const leaf = <T>(meaning: Meaning, read: (text: string) => T, hidden = false) =>
  z.string({ error: wrongType(meaning, hidden) }).transform((text, context): T => {
    try {
      return read(text);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const value = hidden ? "is not" : `is ${shown(text)}, which is not`;
      const message = `${value} ${meaning.what}: ${adviceOf(error)}`;
      context.issues.push({ code: "custom", message, input: text });
      return z.NEVER;
    }
  });

/** A key that holds a number between two, both included. */
export const number = (meaning: Meaning, least: number, most: number) => {
  const range = (value: number): string =>
    `is ${value}, which is not ${meaning.what}: it lies between ${least} and ${most}; write for example ${meaning.example}`;
  return z
    .number({ error: wrongType(meaning) })
    .refine((value) => value >= least && value <= most, {
      error: ({ input }) => range(Number(input)),
    });
};

/** A list. */
export const list = <Item extends z.ZodType>(meaning: Meaning, item: Item) =>
  z.array(item, { error: wrongType(meaning) });

/** A mapping whose keys are all known; a known key with nothing after its colon counts as absent. */
export const section = <Shape extends z.ZodRawShape>(meaning: Meaning, shape: Shape) =>
  z.preprocess(
    (value) => (isMapping(value) ? withoutEmpty(value, shape) : value),
    z.strictObject(shape, { error: wrongType(meaning) }),
  );

/** A mapping whose keys are names given in the file. */
export const mapping = <Item extends z.ZodType>(meaning: Meaning, item: Item) =>
  z.record(z.string(), item, { error: wrongType(meaning) });

/** True for what a YAML mapping becomes. */
export const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What stands at a path, or undefined. */
export const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (held, key) =>
      typeof held === "object" && held !== null && Object.hasOwn(held, key)
        ? (held as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  );

const withoutEmpty = (value: Record<string, unknown>, shape: z.ZodRawShape) =>
  Object.fromEntries(
    Object.entries(value).filter(([key, held]) => held !== null || !Object.hasOwn(shape, key)),
  );

// Unknown keys get their sentence where the nearest known one is looked for.
const wrongType =
  ({ what, example }: Meaning, hidden = false) =>
  ({ code, input }: { code: string; input: unknown }): string | undefined => {
    if (code !== "invalid_type") return undefined;
    if (input === undefined) return `is missing, and must be ${what}; write for example ${example}`;
    const value = input === null ? "empty" : hidden ? "no text" : shown(input);
    return `is ${value}, and must be ${what}; write for example ${example}`;
  };
