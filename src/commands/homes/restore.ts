import { UserError, exitCode } from "../../errors.js";
import { inspectHomes } from "../../homes/inspect.js";
import { selectHomes, ownerName } from "../../homes/select.js";
import { type Trashed, restoreFromTrash } from "../../homes/trash.js";
import { watcherProblem } from "../../homes/watcher.js";
import type { Host } from "../../host/host.js";
import { runTasksInTurn } from "../../reconcile/run-tasks.js";
import type { Terminal } from "../../report/terminal.js";
import { momentText, printable } from "../../text/format.js";
import { waitUntil } from "../../wait.js";
import { persistentHomes } from "../shared/homes.js";
import { type ClassOptions, withCluster } from "../shared/session.js";

/** The options of `swarmhub homes restore`; `name` is a user, a home or an entry of the trash. */
export type HomesRestoreOptions = ClassOptions & { name: string };

/** Restores a deleted home, and waits until its limit is in force. */
export const homesRestore = (
  options: HomesRestoreOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> =>
  withCluster(options, terminal, async (cluster) => {
    const { storage } = persistentHomes(cluster);
    const { homes, trash } = await inspectHomes(storage);
    const trashed = find(trash, options.name);
    const { entry, home: name, user } = trashed;
    if (homes.some((home) => home.name === name))
      throw new UserError(`${name} already has another home`, {
        hint: `type: swarmhub homes archive ${name}, swarmhub homes delete ${name}, then swarmhub homes restore ${entry}`,
        code: exitCode.usage,
      });
    const title = `restore ${ownerName({ name, user })}`;
    const run = async (progress: (text: string) => void): Promise<void> => {
      await restoreFromTrash(storage, trashed);
      progress("setting its limit");
      await waitUntilLimited(storage, name);
    };
    await runTasksInTurn("homes", [{ host: storage.name, title, run }], terminal.report, signal);
    terminal.print(
      options.json
        ? JSON.stringify({ type: "result", home: name, entry })
        : `the home of ${ownerName({ name, user })} that was deleted ${momentText(trashed.deleted)} is restored`,
    );
  });

/** The entry with this name, or of this user or home, unless that was deleted more than once. */
const find = (trash: readonly Trashed[], word: string): Trashed => {
  const exact = trash.find(({ entry }) => entry === word);
  if (exact !== undefined) return exact;
  if (trash.length === 0)
    throw new UserError(`"${printable(word)}" has no home in the trash, which is empty`, {
      hint: "to list homes and trash, type: swarmhub homes ls",
      code: exitCode.usage,
    });
  const named = trash.map((one) => ({ ...one, name: one.home }));
  const home = selectHomes(named, [word])[0]?.home;
  const entries = trash.filter((one) => one.home === home);
  const [only, ...more] = entries;
  if (only !== undefined && more.length === 0) return only;
  const commands = entries.map(({ entry }) => `swarmhub homes restore ${entry}`);
  throw new UserError(`${home} was deleted ${entries.length} times, and the trash has every one`, {
    hint: `type: ${commands.join(" or ")}`,
    code: exitCode.usage,
  });
};

/** Waits until the limit of a home is in force. With many files this takes a while: the watcher gives each of them the new project id. */
export const waitUntilLimited = async (storage: Host, name: string): Promise<void> => {
  await waitUntil(
    async () => {
      const { homes, watcher, now } = await inspectHomes(storage, { only: [name] });
      const home = homes.find((one) => one.name === name);
      if (home === undefined || home.pendingSince === undefined) return true;
      const problem = watcherProblem(watcher, now);
      const failure = watcher?.failures.find((one) => one.home === name)?.reason;
      if (problem !== undefined) throw notLimited(storage, name, problem);
      if (failure !== undefined && now.getTime() - home.pendingSince.getTime() > 10_000)
        throw notLimited(storage, name, failure);
      return undefined;
    },
    {
      deadline: 300_000,
      otherwise: () => notLimited(storage, name, "the watcher has not finished"),
    },
  );
};

const notLimited = (storage: Host, name: string, reason: string): UserError =>
  new UserError(
    `${name} is at its place, but its limit is not set, and its server cannot start until it is: ${printable(reason)}`,
    {
      host: storage.name,
      hint: "to repair the watcher, type: swarmhub up; to check that, type: swarmhub quota check",
    },
  );
