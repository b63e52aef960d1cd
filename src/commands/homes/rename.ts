import { isHomeName, sharedHome } from "../../../contracts/storage-folders.js";
import type { Cluster } from "../../cluster/cluster.js";
import { UserError, usageError } from "../../errors.js";
import { type Homes, inspectHomes } from "../../homes/inspect.js";
import { type Renaming, renameHome } from "../../homes/rename.js";
import { ownerName, selectHomes } from "../../homes/select.js";
import { homeNamesOf, slugOf } from "../../names.js";
import { runTasksInTurn } from "../../reconcile/run-tasks.js";
import type { Terminal } from "../../report/terminal.js";
import { spell } from "../../roster/spell.js";
import { serversOf, stopServer } from "../../swarm/user-servers.js";
import { printable } from "../../text/format.js";
import { persistentHomes } from "../shared/homes.js";
import { type ClassOptions, withCluster } from "../shared/session.js";
import { waitUntilLimited } from "./restore.js";

/** The options of `swarmhub homes rename`; `to` is the user who gets the home. */
export type HomesRenameOptions = ClassOptions & { from: string; to: string };

/** Gives a home to another user name, with its note and its limits, and waits until its limit is in force. */
export const homesRename = (
  options: HomesRenameOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> =>
  withCluster(options, terminal, async (cluster) => {
    const { storage } = persistentHomes(cluster);
    const renaming = renamingOf(await inspectHomes(storage), options);
    await refuseServers(cluster, renaming);
    const [former = "", user] = [renaming.from[0], printable(renaming.user)];
    const title = `rename the home ${former} to ${renaming.to}`;
    const run = async (progress: (text: string) => void): Promise<void> => {
      // Its former owner may have started a server in between, which uses the home that is moved.
      await renameHome(storage, renaming, () => stopServers(cluster, renaming));
      progress("setting its limit");
      await waitUntilLimited(storage, renaming.to);
    };
    await runTasksInTurn("homes", [{ host: storage.name, title, run }], terminal.report, signal);
    terminal.print(
      options.json
        ? JSON.stringify({ type: "result", home: renaming.to, user: renaming.user, former })
        : `the home ${former} is ${renaming.to} now and belongs to ${user}; whoever logs in as its former owner gets a new home`,
    );
  });

/** The names of the home before and after; throws a UserError (usage). After an interruption the home may have neither name. */
export const renamingOf = (
  { homes, trash }: Pick<Homes, "homes" | "trash">,
  { from, to }: Pick<HomesRenameOptions, "from" | "to">,
): Renaming => {
  const user = spell(to);
  if (user === "" || user.length > 254 || /[/\p{Cc}]/u.test(user) || /^\.+$/.test(user))
    throw usageError(
      `"${printable(to)}" is not a user name`,
      "type the name with which its owner will log in",
    );
  const home = slugOf(user);
  const others = homes.filter((each) => each.name !== home);
  const isInterrupted = trash.some((each) => each.home === home);
  const existing = homes.find((each) => each.name === home || each.user === user);
  const names = [...new Set([from, ...homeNamesOf(spell(from))])].filter(isHomeName);
  const found = others.find(({ name, user: owner }) => names.includes(name) || owner === from);
  if (found === undefined && !isInterrupted && existing === undefined) selectHomes(others, [from]);
  const former = found === undefined ? names : [found.name];
  if (former.includes(sharedHome))
    throw usageError(`${sharedHome} is the shared folder of the class`, "name the home of a user");
  if (former.includes(home))
    throw usageError(
      `the home of ${printable(from)} has this name already`,
      "type two different names",
    );
  if (found !== undefined && existing !== undefined)
    throw usageError(
      `${ownerName(existing)} has a home already`,
      `type: swarmhub homes archive ${existing.name}, swarmhub homes delete ${existing.name}, then the same command again`,
    );
  return { from: former, to: home, user };
};

/** Throws a UserError while the server of one of the two names runs. */
export const refuseServers = async (cluster: Cluster, { from, to }: Renaming): Promise<void> => {
  const servers = await serversOf(cluster);
  const running = [...from, to].filter((name) => servers.has(name));
  if (running.length > 0)
    throw new UserError(`${running.join(" and ")}: the server runs, and uses the home`, {
      hint: "stop it on the hub's admin page, then type the same command again; to see the address, type: swarmhub open",
    });
};

const stopServers = async (cluster: Cluster, { from }: Renaming): Promise<void> => {
  const servers = await serversOf(cluster);
  for (const name of from) if (servers.has(name)) await stopServer(cluster, name);
};
