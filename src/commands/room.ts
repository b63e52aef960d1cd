import { setTimeout } from "node:timers/promises";
import type { Cluster } from "../cluster/cluster.js";
import { UnreachableError } from "../errors.js";
import type { Terminal } from "../report/terminal.js";
import { type RoomState, inspectRoom, metricsToken } from "../swarm/room.js";
import { jsonText } from "../text/format.js";
import { roomText } from "./room/table.js";
import { type ClassOptions, withReachable } from "./shared/session.js";

/** The options of `swarmhub room`; with `once` it does not stay in a terminal. */
export type RoomOptions = ClassOptions & { once: boolean; metricsToken: boolean };

/** Shows everybody of the class, in a terminal again and again until Ctrl-C; once as JSON, or where there is no terminal. */
export const room = (
  options: RoomOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> =>
  withReachable(options, terminal, (cluster) => showRoom(cluster, options, terminal, signal), {
    warns: false, // it shows which machines are down
  });

const clearScreen = "\u001b[H\u001b[2J";

/** The same on a connected class; `every` is in milliseconds. */
export const showRoom = async (
  cluster: Cluster,
  options: Pick<RoomOptions, "once" | "metricsToken" | "json">,
  { print, screen }: Pick<Terminal, "print" | "screen">,
  signal: AbortSignal,
  every = 5000,
): Promise<void> => {
  if (options.metricsToken) return print(await metricsToken(cluster));
  const isLive = screen !== undefined && !options.once && !options.json;
  let former: RoomState | undefined;
  for (;;) {
    const found = await lookAgain(cluster, former);
    former = found.state;
    const text = options.json ? jsonText(found.state) : roomText(found.state, screen, found.isOld);
    print(`${isLive ? clearScreen : ""}${text}`);
    if (!isLive) return;
    await setTimeout(every, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
  }
};

/** The state of the room, or the former one while the hub does not answer: `up` restarts it. A connection that is lost does not come back. */
const lookAgain = async (
  cluster: Cluster,
  former: RoomState | undefined,
): Promise<{ state: RoomState; isOld: boolean }> => {
  try {
    return { state: await inspectRoom(cluster), isOld: false };
  } catch (error) {
    if (former === undefined || error instanceof UnreachableError) throw error;
    return { state: former, isOld: true };
  }
};
