import type { Host } from "../../host.js";
import type { Listener } from "./listen.js";
import { proberProgram } from "./programs.js";
import type { Way } from "./ways.js";

/** How a way turned out; `untried` where something else holds a UDP port, which never answers a stranger. */
export type Result = "reached" | "refused" | "silent" | "broken" | "untried";

/** A way that was tried. */
export type Tried = Way & { result: Result };

/** Tries all ways that begin at a machine, side by side. */
export const probe = async (
  from: Host,
  ways: readonly Way[],
  nonce: string,
  addressOf: (host: Host) => string,
  listeners: ReadonlyMap<Host, Listener>,
): Promise<Tried[]> => {
  const kindOf = ({ to, protocol, port }: Way): "talk" | "connect" | undefined => {
    if (listeners.get(to)?.ports.get(`${protocol}/${port}`) === "open") return "talk";
    return protocol === "tcp" ? "connect" : undefined;
  };
  const orders = ways.flatMap((way) => {
    const kind = kindOf(way);
    const { to, protocol, port, size } = way;
    return kind === undefined ? [] : [[nonce, addressOf(to), protocol, port, size, kind].join(" ")];
  });
  const answer =
    orders.length === 0
      ? ""
      : await from.run(["perl", "-"], {
          input: `${proberProgram}${orders.join("\n")}\n`,
          timeout: 40_000,
        });
  const results = new Map(
    answer.split("\n").map((line) => {
      const words = line.split(" ");
      return [words.slice(0, 3).join(" "), words[3] ?? ""];
    }),
  );
  return ways.map((way) => {
    const key = [addressOf(way.to), way.protocol, way.port].join(" ");
    const result = kindOf(way) === undefined ? "untried" : resultFrom(results.get(key));
    return { ...way, result };
  });
};

const resultFrom = (word: string | undefined): Result =>
  word === "reached" || word === "refused" || word === "broken" ? word : "silent";
