import { z } from "zod";

const row = z.object({
  home: z.string(),
  what: z.enum(["missing", "untouched", "changed", "too large", "unreadable"]),
  why: z.string(),
  /** Seconds since 1970, by the storage's clock. */
  changedAt: z.number(),
  files: z.number(),
  size: z.number(),
  /** The number of entries that are no usable files, and of files above the limit. */
  leftOut: z.number(),
  tooLarge: z.number(),
  /** Differs for every other content; null unless it is changed. */
  state: z.string().nullable(),
  /** Whether the content is the known one, and was not sent. */
  isKnown: z.boolean(),
});
const result = z.object({ rows: z.array(row) });

/** What was found in one home. */
export type CollectRow = z.infer<typeof row>;

/** Reads `result.json`. */
export const rowsFrom = (text: string): CollectRow[] => result.parse(JSON.parse(text)).rows;
