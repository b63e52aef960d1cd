import { storageFiles } from "../../../contracts/storage-folders.js";
import { type WatcherReport, parseWatcherReport } from "../../../contracts/watcher-status.js";
import type { Cluster } from "../../cluster/cluster.js";
import type { Config, PersistentStorage } from "../../config/types.js";
import { UserError, exitCode } from "../../errors.js";
import { watcherProblem } from "../../homes/watcher.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import { lengthText, plural, printable } from "../../text/format.js";

/** The storage host and its configuration; throws a UserError (usage) in a class with temporary homes. */
export const persistentHomes = ({
  config,
  storage,
}: Cluster): { storage: Host; storageConfig: PersistentStorage } => {
  if (config.storage.kind === "persistent" && storage !== undefined)
    return { storage, storageConfig: config.storage };
  throw new UserError(
    `the homes of ${config.name} are temporary: each is in its server's container and is deleted with it, so none can be limited, archived or deleted`,
    {
      hint: "to keep homes, give `storage` a device or a file in swarmhub.yaml, then type: swarmhub up",
      code: exitCode.usage,
    },
  );
};

/** The same for files that are `done` ("handed out", "collected") on the storage. */
export const homesOnDisk = (
  cluster: Cluster,
  done: string,
): { storage: Host; storageConfig: PersistentStorage } => {
  if (cluster.config.storage.kind === "persistent") return persistentHomes(cluster);
  throw new UserError(
    `the homes of ${cluster.config.name} are temporary: each is in its server's container, so no files can be ${done}; this needs homes on a disk`,
    {
      hint: "give `storage` a device or a file in swarmhub.yaml, then type: swarmhub up",
      code: exitCode.usage,
    },
  );
};

/** The homes in `swarmhub status`; a `problem` is drift. */
export type HomesState = { watcher: WatcherReport | undefined; problem: string | undefined };

/** Reads the status of the quota watcher; undefined where the homes' disk is not mounted, which the storage part reports. */
export const inspectClassHomes = async (storage: Host): Promise<HomesState | undefined> => {
  const output = await storage.script(
    `mountpoint -q ${paths.storage} || exit 0\ndate +%s\ncat ${paths.storage}/${storageFiles.watcherStatus} 2>/dev/null || true`,
    { title: "read the watcher's status" },
  );
  const [seconds = "", ...text] = output.split("\n");
  if (seconds === "") return undefined;
  const watcher = parseWatcherReport(text.join("\n"));
  return { watcher, problem: watcherProblem(watcher, new Date(Number(seconds) * 1000)) };
};

/** The lines of `status`: "42 homes, 3 over 90 % full: ada, …", and the failures of the watcher. */
export const homesLines = ({ watcher, problem }: HomesState): string[] => {
  if (problem !== undefined) return [printable(problem)];
  const { homes = 0, over90 = [], failures = [] } = watcher ?? {};
  const full = over90.length === 0 ? "" : `, ${over90.length} over 90 % full: ${firstOf(over90)}`;
  return [
    `${plural(homes, "home")}${full}`,
    ...failures.slice(0, maximumShown).map(({ home, reason }) => printable(`${home}: ${reason}`)),
    ...(failures.length > maximumShown ? [`and ${failures.length - maximumShown} more`] : []),
  ];
};

const maximumShown = 5;

const firstOf = (names: readonly string[]): string =>
  printable(names.slice(0, maximumShown).join(", ")) + (names.length > maximumShown ? ", …" : "");

/** The warning about temporary homes; undefined in a class that keeps its homes. */
export const temporarySentence = ({ storage, servers: { idle } }: Config): string | undefined => {
  if (storage.kind !== "temporary") return undefined;
  const also = idle === undefined ? "" : `, also after ${lengthText(idle)} without use`;
  return `homes are temporary: all files of a user are deleted when their server stops${also}`;
};
