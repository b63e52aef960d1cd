import { setTimeout } from "node:timers/promises";
import type { Terminal } from "../report/terminal.js";
import { inspectRoom, metricsToken } from "../swarm/room.js";
import { jsonText } from "../text/format.js";
import { roomText } from "./room/table.js";
import { type ClassOptions, withCluster } from "./shared/session.js";

/** The options of `swarmhub room`; with `once` it does not stay in a terminal. */
export type RoomOptions = ClassOptions & { once: boolean; metricsToken: boolean };

const every = 5000;
// milliseconds
const clearScreen = "\u001b[H\u001b[2J";

/** Shows everybody of the class, in a terminal again and again until Ctrl-C; once as JSON, or where there is no terminal. */
export const room = (
  options: RoomOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> =>
  withCluster(options, terminal, async (cluster) => {
    if (options.metricsToken) return terminal.print(await metricsToken(cluster));
    for (;;) {
      const state = await inspectRoom(cluster);
      if (options.json) return terminal.print(jsonText(state));
      const isLive = terminal.screen !== undefined && !options.once;
      terminal.print(`${isLive ? clearScreen : ""}${roomText(state, terminal.screen)}`);
      if (!isLive) return;
      await setTimeout(every, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
    }
  });
