import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { parseTrashEntry, storageFolders } from "../contracts/storage-folders.js";
import type { TrashReport } from "../contracts/watcher-status.js";
import { type Run, lastWords, wordsOf } from "./command.js";
import { unless } from "./inspect.js";

/** The trash under `root`, as the watcher tends it. */
export type Trash = {
  /** Erases what is older than `days` beside the passes, a bounded piece at a time. It does not throw. */
  tend: (days: number) => Promise<TrashReport>;
};

/** Milliseconds by a clock that may be set, and by one that never goes back. */
export type Clocks = { wall: () => number; steady: () => number };

/** An entry must be overdue for so long by the clock that nobody sets: a wrong date for a moment costs no home (ms). */
export const patience = 600_000;

const sliceSeconds = 20;
const begun = "erasing.";

/** `onErased` hears of each entry that is gone for good. */
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

  const isRipe = (entry: string, days: number): boolean => {
    // What was begun is no home any more.
    if (entry.startsWith(begun)) return true;
    const age = clocks.wall() - timeOf(entry);
    if (!(age > days * 86_400_000)) {
      overdueSince.delete(entry);
      return false;
    }
    const since = overdueSince.get(entry) ?? clocks.steady();
    overdueSince.set(entry, since);
    return clocks.steady() - since >= patience;
  };

  /** `rm` goes by open folders and so follows no link that takes a folder's place meanwhile, as a recursion by names would. */
  const erase = async (entry: string): Promise<void> => {
    const name = entry.startsWith(begun) ? entry : `${begun}${entry}`;
    if (name !== entry) await rename(join(folder, entry), join(folder, name));
    const rm = ["rm", "-rf", "--one-file-system", "--", join(folder, name)];
    const output = await run(["nice", "-n", "19", "timeout", `${sliceSeconds}`, ...rm]);
    // 124: the time was up, and the next call goes on.
    if (output.code === 124) return;
    if (output.code !== 0) throw new Error(`${name}: ${lastWords(output)}`);
    overdueSince.delete(entry);
    erased.push(name.slice(begun.length));
    erased.splice(0, erased.length - 20);
    onErased(name.slice(begun.length));
  };

  return {
    tend: async (days) => {
      const names = await readdir(folder).catch(unless("ENOENT", [])).catch(wordsOf);
      if (typeof names === "string") return { entries: 0, erased: [...erased], problem: names };
      const entries = names.filter(isEntry);
      for (const entry of overdueSince.keys())
        if (!entries.includes(entry)) overdueSince.delete(entry);
      const ripe = entries.filter((entry) => isRipe(entry, days));
      const [next] = ripe;
      if (next !== undefined && !isBusy) {
        isBusy = true;
        erase(next)
          .then(
            () => (problem = undefined),
            (error) => (problem = wordsOf(error)),
          )
          .finally(() => (isBusy = false));
      }
      return { entries: entries.length, erased: [...erased], ...(problem && { problem }) };
    },
  };
};

const isEntry = (name: string): boolean => !Number.isNaN(timeOf(name));

/** When the home was put there, in ms since 1970; NaN for what is no entry of ours. */
const timeOf = (name: string): number => {
  const entry = name.startsWith(begun) ? name.slice(begun.length) : name;
  return parseTrashEntry(entry)?.deleted.getTime() ?? Number.NaN;
};
