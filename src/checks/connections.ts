import { randomBytes } from "node:crypto";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";
import type { Check, CheckContext, Finding } from "./check.js";
import { type Listener, type Tried, listen, probe } from "./connections/exchange.js";
import { connectionFindings } from "./connections/findings.js";
import { type NeededConnection, neededConnections } from "./connections/needed.js";

/** Tests the connections that Swarm and NFS need between the machines, also with full-size packets (moby#41406). */
export const connections: Check = {
  name: "connections",
  run: async (context): Promise<Finding[]> => {
    const needed = neededConnections(context);
    const closed = needed.filter((each) => isClosedByClass(each, context));
    const tried = await testAll(
      needed.filter((each) => !closed.includes(each)),
      context,
    );
    return [...connectionFindings(tried, context), ...closedFindings(closed)];
  },
};

/** The class's own firewall has not opened to this machine's address yet: `up` changes that before it needs the connection. */
const isClosedByClass = ({ from, to }: NeededConnection, { machines }: CheckContext): boolean => {
  const rules = machines(to).facts.files[paths.firewall];
  return rules !== undefined && !rules.includes(` -s ${machines(from).address}/32 -j RETURN`);
};

const closedFindings = (closed: readonly NeededConnection[]): Finding[] =>
  [...new Set(closed.map(({ to }) => to))].map((to): Finding => ({
    host: to.name,
    level: "note",
    text: `not tested from ${[...new Set(closed.filter((each) => each.to === to).map(({ from }) => from.name))].join(", ")}: the class's firewall here has another address, until the next \`swarmhub up\``,
  }));

const testAll = async (
  needed: readonly NeededConnection[],
  { machines }: CheckContext,
): Promise<Tried[]> => {
  const nonce = randomBytes(16).toString("hex");
  const addressOf = (host: Host): string => machines(host).address;
  const listeners = new Map<Host, Listener>();
  try {
    const targets = [...new Set(needed.map(({ to }) => to))];
    const started = await Promise.allSettled(
      targets.map(async (to) => {
        const wanted = needed
          .filter((connection) => connection.to === to)
          .map(({ protocol, port }) => `${protocol}/${port}`);
        listeners.set(to, await listen(to, addressOf(to), nonce, [...new Set(wanted)]));
      }),
    );
    const failed = started.find((each) => each.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    const sources = [...new Set(needed.map(({ from }) => from))];
    const results = await Promise.all(
      sources.map((from) =>
        probe(
          from,
          needed.filter((connection) => connection.from === from),
          nonce,
          addressOf,
          listeners,
        ),
      ),
    );
    return results.flat();
  } finally {
    await Promise.all([...listeners.values()].map((listener) => listener.stop()));
  }
};
