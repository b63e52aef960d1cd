import * as z from "zod";
import type { Bytes } from "../types.js";
import { scratchFrom } from "../values/scratch.js";
import { leaf } from "./fields.js";

/** What a server may write outside its home: a size, or `off`, which YAML 1.1 reads as false. */
export const scratch = z.preprocess(
  (value) => (value === false ? "off" : value),
  leaf(scratchFrom),
);

/** The size where the file has none. */
export const defaultScratch = (10 * 2 ** 30) as Bytes;
