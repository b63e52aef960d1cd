import type { Host } from "../../host/host.js";
import type { NeededConnection } from "./needed.js";
import { listenerProgram, proberProgram } from "./programs.js";

type State = "open" | "occupied";

/** A machine that listens until `stop`: the state of each of its ports ("tcp/2377"). */
export type Listener = { ports: ReadonlyMap<string, State>; stop: () => Promise<void> };

const seconds = 30;
// until the listener ends by itself

/** How a machine listens at UDP ports: it takes them, or sees what arrives for those that may be in use. */
type How = "bind" | "watch";

/** Listens on a machine. Throws if the listener does not start. */
export const listen = (
  host: Host,
  address: string,
  nonce: string,
  wanted: readonly string[],
  how: How,
): Promise<Listener> =>
  new Promise((resolve, reject) => {
    const ports = new Map<string, State>();
    const orders = [`${nonce} ${address} ${seconds} ${how}`, ...wanted].join("\n");
    const ended = host.run(["perl", "-"], {
      title: "listen at the ports",
      input: `${listenerProgram}${orders}\n`,
      timeout: (seconds + 15) * 1000,
      onLine: (line) => {
        const [word = "", subject = ""] = line.split(" ");
        if (isState(word)) ports.set(subject, word);
        if (word === "ready") resolve({ ports, stop: () => stop(host, subject, ended) });
      },
    });
    ended.then(() => reject(new Error(`${host.name}: perl exited before it listened`)), reject);
  });

const isState = (word: string): word is State => word === "open" || word === "occupied";

const stop = async (host: Host, pid: string, ended: Promise<string>): Promise<void> => {
  // If the machine is lost meanwhile, the listener's own alarm ends it.
  await host.run(["kill", pid], { timeout: 10_000 }).catch(() => undefined);
  await ended.catch(() => undefined);
};

/** The result of a test; `untried`: a program other than Docker holds the UDP port. */
export type Result = "reached" | "refused" | "silent" | "broken" | "untried";

/** A tested connection. */
export type Tried = NeededConnection & { result: Result };

/** Tests all connections from one machine in parallel. */
export const probe = async (
  from: Host,
  connections: readonly NeededConnection[],
  nonce: string,
  addressOf: (host: Host) => string,
  listeners: ReadonlyMap<Host, Listener>,
): Promise<Tried[]> => {
  const kindOf = ({ to, protocol, port }: NeededConnection): "talk" | "connect" | undefined => {
    if (listeners.get(to)?.ports.get(`${protocol}/${port}`) === "open") return "talk";
    return protocol === "tcp" ? "connect" : undefined;
  };
  const orders = connections.flatMap((connection) => {
    const kind = kindOf(connection);
    const { to, protocol, port, size } = connection;
    return kind === undefined ? [] : [[nonce, addressOf(to), protocol, port, size, kind].join(" ")];
  });
  const answer =
    orders.length === 0
      ? ""
      : await from.run(["perl", "-"], {
          title: "try the connections",
          input: `${proberProgram}${orders.join("\n")}\n`,
          timeout: 40_000,
        });
  const results = new Map(
    answer.split("\n").map((line) => {
      const words = line.split(" ");
      return [words.slice(0, 3).join(" "), words[3] ?? ""];
    }),
  );
  return connections.map((connection) => {
    const { to, protocol, port } = connection;
    const key = [addressOf(to), protocol, port].join(" ");
    const result = kindOf(connection) === undefined ? "untried" : resultFrom(results.get(key));
    return { ...connection, result };
  });
};

const resultFrom = (word: string | undefined): Result =>
  word === "reached" || word === "refused" || word === "broken" ? word : "silent";
