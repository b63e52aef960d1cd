import { UserError } from "../../errors.js";
import { limitText } from "../../homes/findings.js";
import { type Home, type Homes, inspectHomes } from "../../homes/inspect.js";
import { ownerName } from "../../homes/select.js";
import { keptUntil } from "../../homes/trash.js";
import { tableText } from "../../report/table.js";
import type { Terminal } from "../../report/terminal.js";
import { type Server, serversOf } from "../../swarm/user-servers.js";
import { formatSize, jsonText, momentText, plural, printable } from "../../text/format.js";
import { persistentHomes } from "../shared/homes.js";
import { formerOwner } from "../shared/roster.js";
import { type ClassOptions, withReachable } from "../shared/session.js";

/** Shows every home with its server, and the trash. */
export const homesLs = (options: ClassOptions, terminal: Terminal): Promise<void> =>
  withReachable(options, terminal, async (cluster) => {
    const { storage, storageConfig } = persistentHomes(cluster);
    const [seen, servers] = await Promise.all([inspectHomes(storage), serversOf(cluster)]);
    const days = seen.limits?.trashDays ?? storageConfig.trashDays;
    const { screen, print } = terminal;
    const homes = seen.homes.toSorted((one, other) => (ownerName(one) < ownerName(other) ? -1 : 1));
    const { people } = cluster.config.login;
    const isFormer = Array.isArray(people) ? formerOwner(cluster.config) : undefined;
    if (people instanceof UserError)
      terminal.report.event({ type: "warning", text: people.message });
    if (options.json) return print(jsonText(jsonOf({ ...seen, homes }, servers, days, isFormer)));
    const rows = homes.map((home) => [
      ownerName(home),
      home.name,
      formatSize(home.bytes.used),
      limitText(home.bytes.hard),
      serverText(servers.get(home.name)),
      ...(isFormer === undefined ? [] : [isFormer(home) ? "removed" : "on it"]),
    ]);
    const header = ["USER", "HOME", "USED", "LIMIT", "SERVER", ...(isFormer ? ["ROSTER"] : [])];
    if (rows.length > 0) print(tableText([header, ...rows], { right: [2, 3], screen }));
    print(plural(rows.length, "home"));
    const former = isFormer === undefined ? 0 : homes.filter(isFormer).length;
    if (former > 0) print(`${former} of removed people: \`swarmhub homes archive --removed\``);
    if (seen.trash.length === 0) return;
    const trash = seen.trash.map((one) => [
      ownerName({ name: one.home, user: one.user }),
      one.entry,
      momentText(keptUntil(one, days)),
    ]);
    print("");
    print(tableText([["USER", "IN THE TRASH", "KEPT UNTIL"], ...trash], { screen }));
  });

/** "node2", or "node2 (starting)" for a server that does not run; "-" where there is none. */
export const serverText = (server: Server | undefined): string => {
  if (server === undefined) return "-";
  const { state, host = "no machine" } = server;
  return printable(state === "running" ? host : `${host} (${state})`);
};

const jsonOf = (
  { homes, trash }: Homes,
  servers: ReadonlyMap<string, Server>,
  days: number,
  isFormer: ((home: Home) => boolean) | undefined,
) => ({
  homes: homes.map((home: Home) => ({
    home: home.name,
    user: home.user ?? null,
    usedBytes: home.bytes.used,
    limitBytes: home.bytes.hard || null,
    server: servers.get(home.name) ?? null,
    ...(isFormer !== undefined && { onRoster: !isFormer(home) }),
  })),
  trash: trash.map((one) => ({
    entry: one.entry,
    home: one.home,
    user: one.user ?? null,
    deleted: one.deleted.toISOString(),
    keptUntil: keptUntil(one, days).toISOString(),
  })),
});
