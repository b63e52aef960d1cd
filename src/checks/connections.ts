import { randomBytes } from "node:crypto";
import type { Host } from "../host/host.js";
import type { Check, CheckContext, Finding } from "./check.js";
import { type Listener, type Tried, listen, probe } from "./connections/exchange.js";
import { connectionFindings } from "./connections/findings.js";
import { type NeededConnection, neededConnections } from "./connections/needed.js";

/** What Swarm and NFS need between the machines really goes through, the large packets as well (moby#41406). */
export const connections: Check = {
  name: "ports",
  run: async (context): Promise<Finding[]> => {
    const ways = neededConnections(context);
    return connectionFindings(await tryAll(ways, context), context);
  },
};

const tryAll = async (
  ways: readonly NeededConnection[],
  { machines }: CheckContext,
): Promise<Tried[]> => {
  const nonce = randomBytes(16).toString("hex");
  const addressOf = (host: Host): string => machines(host).address;
  const listeners = new Map<Host, Listener>();
  try {
    const targets = [...new Set(ways.map(({ to }) => to))];
    const begun = await Promise.allSettled(
      targets.map(async (to) => {
        const wanted = ways
          .filter((way) => way.to === to)
          .map(({ protocol, port }) => `${protocol}/${port}`);
        listeners.set(to, await listen(to, addressOf(to), nonce, [...new Set(wanted)]));
      }),
    );
    const failed = begun.find((each) => each.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    const sources = [...new Set(ways.map(({ from }) => from))];
    const tried = await Promise.all(
      sources.map((from) =>
        probe(
          from,
          ways.filter((way) => way.from === from),
          nonce,
          addressOf,
          listeners,
        ),
      ),
    );
    return tried.flat();
  } finally {
    await Promise.all([...listeners.values()].map((listener) => listener.stop()));
  }
};
