import { fewCores } from "../cluster/cores.js";
import type { Check } from "./check.js";

/** Each machine has the cores that a server may use. */
export const cores: Check = {
  name: "cores",
  run: async ({ cluster, machines }) =>
    fewCores(cluster, machines).map(({ host, text }) => ({
      host: host.name,
      level: "warning",
      text,
      hint: "lower `servers: cpu`, or use machines with more cores",
    })),
};
