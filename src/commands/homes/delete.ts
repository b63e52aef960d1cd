import type { Cluster } from "../../cluster/cluster.js";
import { UserError, exitCode } from "../../errors.js";
import { inspectHomes } from "../../homes/inspect.js";
import { type Named, selectHomes, ownerName } from "../../homes/select.js";
import { keptUntil, moveToTrash, trashFrom } from "../../homes/trash.js";
import { runTasksInTurn } from "../../reconcile/run-tasks.js";
import type { Terminal } from "../../report/terminal.js";
import { serversOf, stopServer } from "../../swarm/user-servers.js";
import { formatSize, momentText } from "../../text/format.js";
import { persistentHomes } from "../shared/homes.js";
import { type ClassOptions, withCluster } from "../shared/session.js";

/** The options of `swarmhub homes delete`. */
export type HomesDeleteOptions = ClassOptions & { users: string[]; yes: boolean };

/** Moves homes to the trash, where they can be had back for some days; a running server is stopped first. */
export const homesDelete = (
  options: HomesDeleteOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> =>
  withCluster(options, terminal, async (cluster) => {
    const { storage, kept } = persistentHomes(cluster);
    const [seen, servers] = await Promise.all([inspectHomes(storage), serversOf(cluster)]);
    const homes = selectHomes(seen.homes, options.users);
    const days = seen.limits?.trashDays ?? kept.trashDays;
    if (!options.yes)
      for (const home of homes) {
        const running = servers.has(home.name) ? " and stops the server that runs there" : "";
        const what = `the home of ${ownerName(home)} (${formatSize(home.bytes.used)})`;
        await askForName(terminal, home, `This deletes ${what}${running}.`);
      }
    const done: string[] = [];
    const tasks = homes.map((home) => ({
      host: storage.name,
      title: `delete ${ownerName(home)}`,
      run: async (progress: (text: string) => void) => {
        const entry = await deleteHome(cluster, home.name, progress);
        const [trashed] = trashFrom(["trash", entry, "1"], () => home.user);
        const until = momentText(keptUntil(trashed ?? { deleted: seen.now }, days));
        done.push(
          options.json
            ? JSON.stringify({ type: "result", home: home.name, entry, until })
            : `${ownerName(home)} is deleted; until ${until} \`swarmhub homes restore ${home.name}\` brings it back`,
        );
      },
    }));
    try {
      await runTasksInTurn("homes", tasks, terminal.report, signal);
    } finally {
      for (const line of done) terminal.print(line);
    }
    if (done.length < homes.length)
      throw new UserError("stopped before all was deleted", { code: exitCode.interrupted });
  });

const deleteHome = async (
  cluster: Cluster,
  home: string,
  progress: (text: string) => void,
): Promise<string> => {
  progress("stopping the server");
  await stopServer(cluster, home);
  progress("moving it to the trash");
  const entry = await moveToTrash(persistentHomes(cluster).storage, home);
  // Its owner may have asked for a server in between, and that one holds the home that is now in the trash.
  await stopServer(cluster, home);
  return entry;
};

const askForName = async (terminal: Terminal, home: Named, what: string): Promise<void> => {
  const answer = await terminal.ask(`${what} Type ${home.name} to go on: `);
  if (answer === undefined)
    throw new UserError(`${what} Somebody has to agree to it`, {
      hint: "add --yes to agree beforehand",
      code: exitCode.usage,
    });
  if (answer.trim() !== home.name)
    throw new UserError(`stopped: that is not ${home.name}; nothing was touched`, {
      code: exitCode.usage,
    });
};
