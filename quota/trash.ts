import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { parseTrashEntry, storageFolders } from "../contracts/storage-folders.js";
import type { TrashReport } from "../contracts/watcher-status.js";
import { type Run, lastLines, messageOf } from "./command.js";
import { unless } from "./inspect.js";

/** The trash under `root`, which the watcher empties. */
type Trash = {
  /** Erases entries that are older than `days` beside the passes, for a limited time each. It does not throw. */
  eraseOlderThan: (days: number) => Promise<TrashReport>;
};

/** Milliseconds by a clock that can be set, and by one that never goes back. */
type Clocks = { wall: () => number; steady: () => number };

/** The time in ms that an entry must be overdue by the steady clock: a wrong date for a moment costs no home. */
const minimumOverdue = 600_000;

const sliceSeconds = 20;
const erasingPrefix = "erasing.";

/** `onErased` is called with each entry that is erased completely. */
export const createTrash = (
  root: string,
  run: Run,
  clocks: Clocks,
  onErased: (entry: string) => void,
): Trash => {
  const folder = join(root, storageFolders.trash);
  const overdueSince = new Map<string, number>();
  const erased: string[] = [];
  let isBusy = false;
  let problem: string | undefined;

  const isDue = (name: string, days: number): boolean => {
    // An entry that is partly erased is not a home any more.
    if (name.startsWith(erasingPrefix)) return true;
    const age = clocks.wall() - deletionTime(name);
    if (!(age > days * 86_400_000)) {
      overdueSince.delete(name);
      return false;
    }
    const since = overdueSince.get(name) ?? clocks.steady();
    overdueSince.set(name, since);
    return clocks.steady() - since >= minimumOverdue;
  };

  /** `rm` uses open folders, so it follows no link that replaces a folder meanwhile, as a recursion by names would. */
  const erase = async (name: string): Promise<void> => {
    const entry = entryIn(name);
    const target = `${erasingPrefix}${entry}`;
    if (target !== name) await rename(join(folder, name), join(folder, target));
    const rm = ["rm", "-rf", "--one-file-system", "--", join(folder, target)];
    const output = await run(["nice", "-n", "19", "timeout", `${sliceSeconds}`, ...rm]);
    // 124: the time was over, and the next call continues.
    if (output.code === 124) return;
    if (output.code !== 0) throw new Error(`${target}: ${lastLines(output)}`);
    overdueSince.delete(name);
    erased.push(entry);
    erased.splice(0, erased.length - 20);
    onErased(entry);
  };

  return {
    eraseOlderThan: async (days) => {
      const names = await readdir(folder).catch(unless("ENOENT", [])).catch(messageOf);
      if (typeof names === "string") return { entries: 0, erased: [...erased], problem: names };
      const entries = names.filter((name) => !Number.isNaN(deletionTime(name)));
      for (const entry of overdueSince.keys())
        if (!entries.includes(entry)) overdueSince.delete(entry);
      const [next] = entries.filter((entry) => isDue(entry, days));
      if (next !== undefined && !isBusy) {
        isBusy = true;
        erase(next)
          .then(
            () => (problem = undefined),
            (error) => (problem = messageOf(error)),
          )
          .finally(() => (isBusy = false));
      }
      return { entries: entries.length, erased: [...erased], ...(problem && { problem }) };
    },
  };
};

const entryIn = (name: string): string =>
  name.startsWith(erasingPrefix) ? name.slice(erasingPrefix.length) : name;

/** When the home was deleted, in ms since 1970; NaN for a name that is not an entry. */
const deletionTime = (name: string): number =>
  parseTrashEntry(entryIn(name))?.deleted.getTime() ?? Number.NaN;
