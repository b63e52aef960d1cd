import type { Host } from "../../host/host.js";
import type { NeededConnection } from "./needed.js";
import { listenerProgram, proberProgram } from "./programs.js";

type State = "open" | "taken";

/** A machine that listens: how each of its ports ("tcp/2377") is, until `stop`. */
export type Listener = { ports: ReadonlyMap<string, State>; stop: () => Promise<void> };

const seconds = 30;
// after which it ends by itself

/** Listens at the ports of a machine that are free. Throws where it does not begin to. */
export const listen = (
  host: Host,
  address: string,
  nonce: string,
  wanted: readonly string[],
): Promise<Listener> =>
  new Promise((resolve, reject) => {
    const ports = new Map<string, State>();
    const orders = [`${nonce} ${address} ${seconds}`, ...wanted].join("\n");
    const ended = host.run(["perl", "-"], {
      title: "listen at the ports",
      input: `${listenerProgram}${orders}\n`,
      timeout: (seconds + 15) * 1000,
      onLine: (line) => {
        const [word = "", what = ""] = line.split(" ");
        if (isState(word)) ports.set(what, word);
        if (word === "ready") resolve({ ports, stop: () => stop(host, what, ended) });
      },
    });
    ended.then(() => reject(new Error(`${host.name}: perl ended before it listened`)), reject);
  });

const isState = (word: string): word is State => word === "open" || word === "taken";

const stop = async (host: Host, pid: string, ended: Promise<string>): Promise<void> => {
  // Where the machine is lost in between, the listener's own alarm ends it.
  await host.run(["kill", pid], { timeout: 10_000 }).catch(() => undefined);
  await ended.catch(() => undefined);
};

/** How a way turned out; `untried` where something else holds a UDP port, which never answers a stranger. */
export type Result = "reached" | "refused" | "silent" | "broken" | "untried";

/** A way that was tried. */
export type Tried = NeededConnection & { result: Result };

/** Tries all ways that begin at a machine, side by side. */
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
  const orders = connections.flatMap((way) => {
    const kind = kindOf(way);
    const { to, protocol, port, size } = way;
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
  return connections.map((way) => {
    const key = [addressOf(way.to), way.protocol, way.port].join(" ");
    const result = kindOf(way) === undefined ? "untried" : resultFrom(results.get(key));
    return { ...way, result };
  });
};

const resultFrom = (word: string | undefined): Result =>
  word === "reached" || word === "refused" || word === "broken" ? word : "silent";
