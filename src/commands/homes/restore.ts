import { UserError, exitCode } from "../../errors.js";
import { inspectHomes } from "../../homes/inspect.js";
import { selectHomes, ownerName } from "../../homes/select.js";
import { type Trashed, bringBack } from "../../homes/trash.js";
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

/** Brings a deleted home back, and waits until its limit is in force. */
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
      throw new UserError(`${name} has a home again, which would be lost`, {
        hint: `\`swarmhub homes archive ${name}\`, \`swarmhub homes delete ${name}\`, then \`swarmhub homes restore ${entry}\``,
        code: exitCode.usage,
      });
    const title = `restore ${ownerName({ name, user })}`;
    const run = async (progress: (text: string) => void): Promise<void> => {
      await bringBack(storage, entry, name);
      progress("setting its limit");
      await waitUntilLimited(storage, name);
    };
    await runTasksInTurn("homes", [{ host: storage.name, title, run }], terminal.report, signal);
    terminal.print(
      options.json
        ? JSON.stringify({ type: "result", home: name, entry })
        : `${ownerName({ name, user })} has the home back that was deleted ${momentText(trashed.deleted)}`,
    );
  });

/** The entry that is meant; where a home was deleted more than once, its name alone is not enough. */
const find = (trash: readonly Trashed[], word: string): Trashed => {
  const exact = trash.find(({ entry }) => entry === word);
  if (exact !== undefined) return exact;
  if (trash.length === 0)
    throw new UserError(`there is no home of "${printable(word)}" in the trash, which is empty`, {
      hint: "`swarmhub homes ls` shows homes and trash",
      code: exitCode.usage,
    });
  const named = trash.map((one) => ({ ...one, name: one.home }));
  const home = selectHomes(named, [word])[0]?.home;
  const entries = trash.filter((one) => one.home === home);
  const [only, ...more] = entries;
  if (only !== undefined && more.length === 0) return only;
  const list = entries.map(({ entry }) => `\`swarmhub homes restore ${entry}\``).join(" or ");
  throw new UserError(`${home} was deleted ${entries.length} times, and each is in the trash`, {
    hint: list,
    code: exitCode.usage,
  });
};

/** A home with many files takes the watcher a while: it gives each of them the new project id. */
const waitUntilLimited = async (storage: Host, name: string): Promise<void> => {
  await waitUntil(
    async () => {
      const { homes, watcher, now } = await inspectHomes(storage, { only: [name] });
      const home = homes.find((one) => one.name === name);
      if (home === undefined || home.marked === undefined) return true;
      const trouble = watcherProblem(watcher, now);
      const failure = watcher?.failures.find((one) => one.home === name)?.reason;
      if (trouble !== undefined) throw notYet(storage, name, trouble);
      if (failure !== undefined && now.getTime() - home.marked.getTime() > 10_000)
        throw notYet(storage, name, failure);
      return undefined;
    },
    { deadline: 300_000, otherwise: () => notYet(storage, name, "the watcher is still at it") },
  );
};

const notYet = (storage: Host, name: string, why: string): UserError =>
  new UserError(
    `${name} is back, but its limit is not set, and no server starts there until it is: ${printable(why)}`,
    {
      host: storage.name,
      hint: "`swarmhub up` sets the watcher right; `swarmhub quota check` shows whether it did",
    },
  );
