import { limitText } from "../../homes/findings.js";
import { type Home, type Homes, inspectHomes } from "../../homes/inspect.js";
import { ownerName } from "../../homes/select.js";
import { keptUntil } from "../../homes/trash.js";
import { tableText } from "../../report/table.js";
import type { Terminal } from "../../report/terminal.js";
import { type Server, serversOf } from "../../swarm/user-servers.js";
import { formatSize, jsonText, momentText, plural, printable } from "../../text/format.js";
import { persistentHomes } from "../shared/homes.js";
import { type ClassOptions, withReachable } from "../shared/session.js";

/** Shows every home with its server, and the trash. */
export const homesLs = (options: ClassOptions, terminal: Terminal): Promise<void> =>
  withReachable(options, terminal, async (cluster) => {
    const { storage, storageConfig } = persistentHomes(cluster);
    const [seen, servers] = await Promise.all([inspectHomes(storage), serversOf(cluster)]);
    const days = seen.limits?.trashDays ?? storageConfig.trashDays;
    const { screen, print } = terminal;
    const homes = seen.homes.toSorted((one, other) => (ownerName(one) < ownerName(other) ? -1 : 1));
    if (options.json) return print(jsonText(jsonOf({ ...seen, homes }, servers, days)));
    const rows = homes.map((home) => [
      ownerName(home),
      home.name,
      formatSize(home.bytes.used),
      limitText(home.bytes.hard),
      serverText(servers.get(home.name)),
    ]);
    const header = ["USER", "HOME", "USED", "LIMIT", "SERVER"];
    if (rows.length > 0) print(tableText([header, ...rows], { right: [2, 3], screen }));
    print(plural(rows.length, "home"));
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

const jsonOf = ({ homes, trash }: Homes, servers: ReadonlyMap<string, Server>, days: number) => ({
  homes: homes.map((home: Home) => ({
    home: home.name,
    user: home.user ?? null,
    usedBytes: home.bytes.used,
    limitBytes: home.bytes.hard || null,
    server: servers.get(home.name) ?? null,
  })),
  trash: trash.map((one) => ({
    entry: one.entry,
    home: one.home,
    user: one.user ?? null,
    deleted: one.deleted.toISOString(),
    keptUntil: keptUntil(one, days).toISOString(),
  })),
});
