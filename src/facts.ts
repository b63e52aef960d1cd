export { factsFrom } from "./facts/read.js";
export { factsScript } from "./facts/script.js";
export type { Disk, Facts, Membership, NetworkAddress } from "./facts/types.js";
