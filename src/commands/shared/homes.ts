import type { Cluster } from "../../cluster/cluster.js";
import type { Config, PersistentStorage } from "../../config/types.js";
import { UserError, exitCode } from "../../errors.js";
import { type Watcher, watcherProblem, watcherFrom } from "../../homes/watcher.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import { lengthText, plural, printable } from "../../text/format.js";

/** Where homes are kept and how; throws a UserError (usage) in a class whose homes are temporary. */
export const persistentHomes = ({
  config,
  storage,
}: Cluster): { storage: Host; kept: PersistentStorage } => {
  if (config.storage.kind === "persistent" && storage !== undefined)
    return { storage, kept: config.storage };
  throw new UserError(
    `the homes of ${config.name} are temporary: each is in its server's container and gone with it, so there is nothing here to limit, archive or delete`,
    {
      hint: "to keep homes, give `storage` a device or a file in swarmhub.yaml, then `swarmhub up`",
      code: exitCode.usage,
    },
  );
};

/** What `status` says of the homes; `trouble` is what makes it drift. */
export type HomesState = { watcher: Watcher | undefined; trouble: string | undefined };

/** Reads what the quota watcher wrote last; undefined where no homes' disk is mounted, which the pieces tell. */
export const inspectClassHomes = async (storage: Host): Promise<HomesState | undefined> => {
  const answer = await storage.script(
    `mountpoint -q ${paths.storage} || exit 0\ndate +%s\ncat ${paths.storage}/watcher.json 2>/dev/null || true`,
    { title: "read the watcher's status" },
  );
  const [seconds = "", ...text] = answer.split("\n");
  if (seconds === "") return undefined;
  const watcher = watcherFrom(text.join("\n"));
  return { watcher, trouble: watcherProblem(watcher, new Date(Number(seconds) * 1000)) };
};

/** "42 homes, 3 of them over 90 % full", and what the watcher could not do, as lines. */
export const homesLines = ({ watcher, trouble }: HomesState): string[] => {
  if (trouble !== undefined) return [printable(trouble)];
  const { homes = 0, over90 = [], failures = [] } = watcher ?? {};
  const full = over90.length === 0 ? "" : `, ${over90.length} over 90 % full: ${some(over90)}`;
  return [
    `${plural(homes, "home")}${full}`,
    ...failures.slice(0, most).map(({ home, reason }) => printable(`${home}: ${reason}`)),
    ...(failures.length > most ? [`and ${failures.length - most} more`] : []),
  ];
};

const most = 5;

const some = (names: readonly string[]): string =>
  printable(names.slice(0, most).join(", ")) + (names.length > most ? ", …" : "");

/** What everybody should know of a class whose homes are temporary; undefined of others. */
export const temporarySentence = ({ storage, servers: { idle } }: Config): string | undefined => {
  if (storage.kind !== "temporary") return undefined;
  const also = idle === undefined ? "" : ` (also when nobody uses it for ${lengthText(idle)})`;
  return `homes are temporary: what somebody saves is gone when their server stops${also}`;
};
