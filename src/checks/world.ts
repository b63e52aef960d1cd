import { lookup, Resolver } from "node:dns/promises";
import type { World } from "./check.js";

/** The machine that we sit at. */
export const operatorWorld: World = {
  now: () => Date.now(),
  lookup: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
  issuers: async (name) => {
    const records = await new Resolver({ timeout: 2000, tries: 2 }).resolveCaa(name);
    return records.flatMap(({ issue }) => issue ?? []);
  },
  fetch: (url, init) => fetch(url, init),
};
