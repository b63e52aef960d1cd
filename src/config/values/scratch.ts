import type { Bytes } from "../types.js";
import { reader } from "./reader.js";
import { sizeFrom } from "./units.js";

const size = sizeFrom("10G", "100M");

/** Bytes that a server may write outside its home, or no limit. */
export const scratchFrom = reader(
  { what: "a size or off", example: "10G" },
  (text): Bytes | "off" => (text === "off" ? text : size(text)),
);
