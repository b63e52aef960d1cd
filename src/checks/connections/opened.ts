import { randomBytes } from "node:crypto";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import type { CheckContext } from "../check.js";
import { type Listener, type Tried, listen, probe } from "./exchange.js";
import type { NeededConnection } from "./needed.js";

/** The machines of a test. */
export type Tested = Pick<CheckContext, "cluster" | "machines">;

/** Tests connections, but for those that the class's own firewall closes until the next `up`: these are the answer's `closed`. */
export const testOpened = async (
  needed: readonly NeededConnection[],
  context: Tested,
): Promise<{ tried: Tried[]; closed: NeededConnection[] }> => {
  const closed = needed.filter((each) => isClosedByClass(each, context));
  const tried = await testAll(
    needed.filter((each) => !closed.includes(each)),
    context,
  );
  return { tried, closed };
};

/** The class's own firewall has not opened to this machine's address yet: `up` changes that before it needs the connection. */
const isClosedByClass = ({ from, to }: NeededConnection, { machines }: Tested): boolean => {
  const rules = machines(to).facts.files[paths.firewall];
  return rules !== undefined && !rules.includes(` -s ${machines(from).address}/32 -j RETURN`);
};

const testAll = async (
  needed: readonly NeededConnection[],
  { machines }: Tested,
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
        // A port that Docker may need at this moment must stay free: without 4789/udp, no server starts on the machine.
        const how = machines(to).facts.units["docker.service"] === "active" ? "watch" : "bind";
        listeners.set(to, await listen(to, addressOf(to), nonce, [...new Set(wanted)], how));
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
