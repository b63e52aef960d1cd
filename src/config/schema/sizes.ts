import { bytesFrom, sizeFrom } from "../values/units.js";
import { leaf, number } from "./fields.js";

/** How much each user may store. */
export const quota = leaf(sizeFrom("5G", "10M"));

/** The memory of one user's server. */
export const memory = leaf(sizeFrom("1G", "64M"));

/** The memory of a server for which the file has none. */
export const defaultMemory = bytesFrom("1G");

/** The processor cores of one user's server. */
export const cpu = number(
  { what: "a number of cores from 0.01 to 1024", example: "0.5" },
  0.01,
  1024,
);
