import { lookup } from "node:dns/promises";
import type { World } from "./check.js";

/** The machine that we sit at. */
export const operatorWorld: World = {
  now: () => Date.now(),
  lookup: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
  fetch: (url, init) => fetch(url, init),
};
