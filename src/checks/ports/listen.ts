import type { Host } from "../../host.js";
import { listenerProgram } from "./programs.js";

type State = "open" | "taken";

/** A machine that listens: how each of its ports ("tcp/2377") is, until `stop`. */
export type Listener = { ports: ReadonlyMap<string, State>; stop: () => Promise<void> };

const seconds = 30; // after which it ends by itself

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
