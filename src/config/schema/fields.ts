import * as z from "zod";
import { UserError, adviceOf, shown } from "../../errors.js";
import { listed } from "../../text/format.js";
import { type Meaning, type Reader, expectation } from "../values/reader.js";

/** A key that holds one text, read into a T. */
export const leaf = <T>(read: Reader<T>) =>
  z.string({ error: wrongType(read) }).transform((text, context): T => {
    try {
      return read(text);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const value = read.hidden === true ? "invalid" : shown(text);
      context.issues.push({
        code: "custom",
        message: `is ${value}: ${adviceOf(error)}`,
        input: text,
      });
      return z.NEVER;
    }
  });

/** A key that holds a number between two, both included; with `isAllowed`, only such a number. */
export const number = (
  meaning: Meaning,
  minimum: number,
  maximum: number,
  isAllowed = (_value: number): boolean => true,
) =>
  z
    .number({ error: wrongType(meaning) })
    .refine((value) => value >= minimum && value <= maximum && isAllowed(value), {
      error: ({ input }) => `is ${Number(input)}: ${expectation(meaning)}`,
    });

/** A key that is true or false. */
export const flag = z.boolean({
  error: ({ input }) => `is ${shown(input)}: expected true or false`,
});

/** A list. */
export const list = <Item extends z.ZodType>(meaning: Meaning, item: Item) =>
  z.array(item, { error: wrongType(meaning) });

/** A mapping whose keys are all known; a known key with nothing after its colon counts as absent. */
export const section = <Shape extends z.ZodRawShape>(
  shape: Shape,
  example: string,
  what = mappingOf(shape),
) =>
  z.preprocess(
    (value) => (isMapping(value) ? withoutEmpty(value, shape) : value),
    z.strictObject(shape, { error: wrongType({ what, example }) }),
  );

/** "a mapping of image, memory and cpu". */
export const mappingOf = (shape: z.ZodRawShape): string =>
  `a mapping of ${listed(Object.keys(shape))}`;

/** A mapping whose keys are names that the user chooses. */
export const mapping = <Item extends z.ZodType>(meaning: Meaning, item: Item) =>
  z.record(z.string(), item, { error: wrongType(meaning) });

/** True for what a YAML mapping becomes. */
export const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value at a path, or undefined. */
export const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (parent, key) =>
      typeof parent === "object" && parent !== null && Object.hasOwn(parent, key)
        ? (parent as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  );

const withoutEmpty = (value: Record<string, unknown>, shape: z.ZodRawShape) =>
  Object.fromEntries(
    Object.entries(value).filter(([key, each]) => each !== null || !Object.hasOwn(shape, key)),
  );

// Unknown keys have a complaint of their own, in unknown-keys.ts.
const wrongType =
  (meaning: Meaning) =>
  ({ code, input }: { code: string; input: unknown }): string | undefined => {
    if (code !== "invalid_type") return undefined;
    const value = meaning.hidden === true ? "invalid" : input === null ? "empty" : shown(input);
    return `is ${input === undefined ? "missing" : value}: ${expectation(meaning)}`;
  };
