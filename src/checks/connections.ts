import type { Check, Finding } from "./check.js";
import { connectionFindings } from "./connections/findings.js";
import { type NeededConnection, neededConnections } from "./connections/needed.js";
import { testOpened } from "./connections/opened.js";

/** Tests the connections that Swarm and NFS need between the machines, also with full-size packets (moby#41406). */
export const connections: Check = {
  name: "connections",
  run: async (context): Promise<Finding[]> => {
    const { tried, closed } = await testOpened(neededConnections(context), context);
    return [...connectionFindings(tried, context), ...closedFindings(closed)];
  },
};

const closedFindings = (closed: readonly NeededConnection[]): Finding[] =>
  [...new Set(closed.map(({ to }) => to))].map((to): Finding => ({
    host: to.name,
    level: "note",
    text: `not tested from ${[...new Set(closed.filter((each) => each.to === to).map(({ from }) => from.name))].join(", ")}: the class's firewall here has another address, until the next \`swarmhub up\``,
  }));
