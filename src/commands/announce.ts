import type { Cluster } from "../cluster/cluster.js";
import type { Moment } from "../config/values/moment.js";
import { UserError, exitCode } from "../errors.js";
import type { Terminal } from "../report/terminal.js";
import { type Announcement, announceByHub } from "../swarm/announcement.js";
import { jsonText, printable } from "../text/format.js";
import { type ClassOptions, withReachable } from "./shared/session.js";

/** The options of `swarmhub announce`; with neither a text nor `withdraw` it shows what is announced. */
export type AnnounceOptions = ClassOptions & {
  text?: string | undefined;
  until?: Moment;
  withdraw: boolean;
};

/** Says something to everybody in the class, or takes it back. */
export const announce = (options: AnnounceOptions, terminal: Terminal): Promise<void> => {
  refuseContradiction(options);
  return withReachable(options, terminal, (cluster) => announceIn(cluster, options, terminal));
};

const refuseContradiction = ({ text, until, withdraw }: AnnounceOptions): void => {
  const hint = 'for example, type: swarmhub announce "We continue at 11:30" --until 11:30';
  if (withdraw && (text !== undefined || until !== undefined))
    throw new UserError("--withdraw takes neither a text nor --until", {
      hint: "to withdraw the announcement, type: swarmhub announce --withdraw",
      code: exitCode.usage,
    });
  if (until !== undefined && text === undefined)
    throw new UserError("--until needs the text of an announcement", {
      hint,
      code: exitCode.usage,
    });
};

/** The same in a class; UserError with the hub's reason where it refuses. */
export const announceIn = async (
  cluster: Cluster,
  { text, until, withdraw, json }: Pick<AnnounceOptions, "text" | "until" | "withdraw" | "json">,
  terminal: Pick<Terminal, "print">,
): Promise<void> => {
  const { ok, why, was, announcement } = await announceByHub(cluster, {
    text,
    until: until?.text,
    withdraw,
  });
  if (!ok)
    throw new UserError(`nothing is announced: ${printable(why ?? "no reason given")}`, {
      host: cluster.manager.name,
      hint: "to see what is announced, type: swarmhub announce",
    });
  if (json) return terminal.print(jsonText({ announcement, was }));
  if (withdraw)
    return terminal.print(
      was ? "the announcement is withdrawn" : "there was no announcement to withdraw",
    );
  if (announcement === null) return terminal.print("nothing is announced");
  terminal.print(`${text === undefined ? "announced" : "everybody reads"}${endOf(announcement)}:`);
  for (const line of announcement.text.split("\n")) terminal.print(`  ${printable(line)}`);
};

/** " until 11:30" by the clock of this machine. */
const endOf = ({ until }: Announcement): string => {
  if (until === null) return "";
  const end = new Date(until * 1000);
  const isToday = end.toDateString() === new Date().toDateString();
  const time = end.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return ` until ${isToday ? "" : `${end.toLocaleDateString("en-GB")} `}${time}`;
};
