import type { Cluster } from "../../cluster/cluster.js";
import { UserError, exitCode } from "../../errors.js";
import { inspectHomes } from "../../homes/inspect.js";
import { type NamedHome, selectHomes, ownerName } from "../../homes/select.js";
import { type Trashed, keptUntil, moveToTrash } from "../../homes/trash.js";
import { runTasksInTurn } from "../../reconcile/run-tasks.js";
import type { Terminal } from "../../report/terminal.js";
import { serversOf, stopServer } from "../../swarm/user-servers.js";
import { formatSize, momentText } from "../../text/format.js";
import { persistentHomes } from "../shared/homes.js";
import { type ClassOptions, withCluster } from "../shared/session.js";

/** The options of `swarmhub homes delete`. */
export type HomesDeleteOptions = ClassOptions & { users: string[]; yes: boolean };

/** Moves homes to the trash, from which they can be restored for some days; stops running servers first. */
export const homesDelete = (
  options: HomesDeleteOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> =>
  withCluster(options, terminal, async (cluster) => {
    const { storage, storageConfig } = persistentHomes(cluster);
    const [seen, servers] = await Promise.all([inspectHomes(storage), serversOf(cluster)]);
    const homes = selectHomes(seen.homes, options.users);
    const days = seen.limits?.trashDays ?? storageConfig.trashDays;
    if (!options.yes)
      for (const home of homes) {
        const running = servers.has(home.name) ? " and stops the running server" : "";
        const subject = `the home of ${ownerName(home)} (${formatSize(home.bytes.used)})`;
        await askForName(terminal, home, `This deletes ${subject}${running}.`);
      }
    const done: string[] = [];
    const tasks = homes.map((home) => ({
      host: storage.name,
      title: `delete ${ownerName(home)}`,
      run: async (progress: (text: string) => void) => {
        const trashed = await deleteHome(cluster, home.name, progress);
        const until = momentText(keptUntil(trashed, days));
        done.push(
          options.json
            ? JSON.stringify({ type: "result", home: home.name, entry: trashed.entry, until })
            : `the home of ${ownerName(home)} is deleted; to restore it until ${until}, type: swarmhub homes restore ${home.name}`,
        );
      },
    }));
    try {
      await runTasksInTurn("homes", tasks, terminal.report, signal);
    } finally {
      for (const line of done) terminal.print(line);
    }
    if (done.length < homes.length)
      throw new UserError("stopped before all homes were deleted", { code: exitCode.interrupted });
  });

const deleteHome = async (
  cluster: Cluster,
  home: string,
  progress: (text: string) => void,
): Promise<Pick<Trashed, "entry" | "deleted">> => {
  progress("stopping the server");
  await stopServer(cluster, home);
  progress("moving it to the trash");
  const trashed = await moveToTrash(persistentHomes(cluster).storage, home);
  // Its owner may have started a server in between, which uses the home that is now in the trash.
  await stopServer(cluster, home);
  return trashed;
};

const askForName = async (terminal: Terminal, home: NamedHome, effect: string): Promise<void> => {
  const answer = await terminal.ask(`${effect} To confirm, type ${home.name}: `);
  if (answer === undefined)
    throw new UserError(`${effect} Nobody confirmed it: there is no terminal`, {
      hint: "to confirm on the command line, add --yes",
      code: exitCode.usage,
    });
  if (answer.trim() !== home.name)
    throw new UserError(`stopped: the answer is not ${home.name}; nothing was changed`, {
      code: exitCode.usage,
    });
};
