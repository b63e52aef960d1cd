import type { Cluster } from "../cluster/cluster.js";
import type { Moment } from "../config/values/moment.js";
import { momentOf } from "../config/values/moment.js";
import { UserError } from "../errors.js";
import type { Terminal } from "../report/terminal.js";
import { closeByHub } from "../swarm/hub.js";
import { jsonText, plural, printable } from "../text/format.js";
import { type ClassOptions, withReachable } from "./shared/session.js";

/** The options of `swarmhub close`; `stopAfter` in milliseconds. */
export type CloseOptions = ClassOptions & { stopAfter?: number; until?: Moment };

/** Lets only teachers and admins log in, and ends all other logins. */
export const close = (options: CloseOptions, terminal: Terminal): Promise<void> =>
  withReachable(options, terminal, (cluster) => closeClass(cluster, options, terminal));

/** The same in a class; UserError with the hub's reason where it refuses. */
export const closeClass = async (
  cluster: Cluster,
  { stopAfter, until, json }: Pick<CloseOptions, "stopAfter" | "until" | "json">,
  terminal: Pick<Terminal, "print">,
): Promise<void> => {
  const now = momentOf(new Date());
  const { ok, why, sentences, servers } = await closeByHub(cluster, {
    until: until?.text ?? null,
    stopAfter: stopAfter === undefined ? null : Math.round(stopAfter / 1000),
    now: now.text,
    zone: now.zone,
  });
  if (!ok)
    throw new UserError(`the class is not closed: ${printable(why ?? "no reason given")}`, {
      host: cluster.manager.name,
      hint:
        why?.includes("clock") === true
          ? "to compare the clocks, type: swarmhub check"
          : "for example, type: swarmhub close --stop-after 10m",
    });
  if (json) return terminal.print(jsonText({ closed: true, sentences, servers }));
  terminal.print(printable(sentences.join(" ")));
  if (servers !== null && servers > 0)
    terminal.print(
      `${plural(servers, "server")} of students still ${servers === 1 ? "runs" : "run"}. To open the class again, type: swarmhub reopen`,
    );
};
