import { join } from "node:path";
import type { Cluster } from "../../cluster/cluster.js";
import type { Config } from "../../config/types.js";
import { UserError, exitCode } from "../../errors.js";
import { type Archive, archiveHome, refuseExisting } from "../../homes/archive.js";
import { type Home, inspectHomes } from "../../homes/inspect.js";
import { selectHomes, ownerName } from "../../homes/select.js";
import { runTasksInTurn } from "../../reconcile/run-tasks.js";
import type { Terminal } from "../../report/terminal.js";
import { serversOf } from "../../swarm/user-servers.js";
import { formatSize, printable } from "../../text/format.js";
import { persistentHomes } from "../shared/homes.js";
import { formerOwner } from "../shared/roster.js";
import { type ClassOptions, withReachable } from "../shared/session.js";

/** The options of `swarmhub homes archive`; `to` is a folder on this machine. */
export type HomesArchiveOptions = ClassOptions & { users: string[]; removed: boolean; to: string };

/** Writes homes as archives on this machine. */
export const homesArchive = (
  options: HomesArchiveOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> =>
  withReachable(options, terminal, (cluster) => archiveHomes(cluster, options, terminal, signal));

/** The same in a connected class. No home is archived if one of the files exists already. */
export const archiveHomes = async (
  cluster: Cluster,
  options: Omit<HomesArchiveOptions, keyof ClassOptions> & Pick<ClassOptions, "json">,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> => {
  const { storage } = persistentHomes(cluster);
  const [seen, servers] = await Promise.all([inspectHomes(storage), serversOf(cluster)]);
  const homes = wantedHomes(seen.homes, options, cluster.config);
  const pathOf = ({ name }: Home): string => join(options.to, `${name}.tar.gz`);
  for (const home of homes) await refuseExisting(pathOf(home));
  if (homes.length === 0)
    terminal.report.event({
      type: "note",
      text: "nobody who has a home was removed from the roster",
    });
  const done: Archive[] = [];
  const tasks = homes.map((home) => ({
    host: storage.name,
    title: `archive ${ownerName(home)}`,
    run: async (progress: (text: string) => void) => {
      const text = (bytes: number): string =>
        `${formatSize(bytes)} written, the home has ${formatSize(home.bytes.used)}`;
      const onBytes = throttled((bytes: number) => progress(text(bytes)));
      const archive = await archiveHome(storage, home.name, pathOf(home), { signal, onBytes });
      if (servers.has(home.name) || archive.warning !== undefined)
        terminal.report.event({ type: "warning", text: changedText(home, archive) });
      done.push(archive);
    },
  }));
  try {
    await runTasksInTurn("homes", tasks, terminal.report, signal);
  } finally {
    for (const { path, bytes } of done)
      terminal.print(
        options.json
          ? JSON.stringify({ type: "result", path, bytes })
          : `${path}  ${formatSize(bytes)}`,
      );
  }
  if (done.length < homes.length)
    throw new UserError("stopped before all homes were archived", { code: exitCode.interrupted });
};

/** The homes that were named, or those of everybody who is no longer on the roster. */
const wantedHomes = (
  homes: readonly Home[],
  { users, removed }: Pick<HomesArchiveOptions, "users" | "removed">,
  config: Config,
): Home[] => {
  if (removed === users.length > 0)
    throw new UserError("name the users whose homes to archive, or give --removed, but not both", {
      hint: "for example: swarmhub homes archive ada; swarmhub homes archive --removed",
      code: exitCode.usage,
    });
  return removed ? homes.filter(formerOwner(config)) : selectHomes(homes, users);
};

const changedText = (home: Home, { warning }: Archive): string => {
  const detail = warning === undefined ? "" : ` (${printable(warning)})`;
  return `the home of ${ownerName(home)} was in use: the archive has each file as it was when it was read${detail}`;
};

/** At most five times a second. */
const throttled = (report: (bytes: number) => void): ((bytes: number) => void) => {
  let last = 0;
  return (bytes) => {
    if (performance.now() - last < 200) return;
    last = performance.now();
    report(bytes);
  };
};
