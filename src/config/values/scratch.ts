import type { Bytes } from "../types.js";
import { reader } from "./reader.js";
import { sizeFrom } from "./units.js";

const size = sizeFrom("10G", "100M");

/** Bytes that a server may write outside its home; undefined for `off`. */
export const scratchFrom = reader(
  { what: "a size or off", example: "10G" },
  (text): Bytes | undefined => (text === "off" ? undefined : size(text)),
);
