import {
  type Limits,
  type OwnLimits,
  type Unreadable,
  maximumOwnLimitsBytes,
  notReadable,
  parseGroupNote,
  parseLimits,
  parseOwnLimits,
} from "../../contracts/limits.js";
import { parseTrashEntry, storageFiles } from "../../contracts/storage-folders.js";
import { ownerIn } from "../../contracts/storage-notes.js";
import { type WatcherReport, parseWatcherReport } from "../../contracts/watcher-status.js";
import { type Account, type Attributes, parseReport, parseState } from "../../contracts/xfs.js";
import { UserError } from "../errors.js";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";
import { inspectScript } from "./inspect-script.js";
import type { Trashed } from "./trash.js";

/** The used amount and the hard limit; 0 is no limit. */
export type Usage = { used: number; hard: number };

/** A home on the storage host; `user` is the name in its owner's note, which may hold any characters. */
export type Home = {
  name: string;
  user: string | undefined;
  /** Undefined where they are unreadable. */
  attributes: Attributes | undefined;
  bytes: Usage;
  /** Files, folders and everything else that takes an inode, with the home itself. */
  files: Usage;
  /** When its pending marker was made; undefined where there is none. */
  pendingSince: Date | undefined;
  /** The newest change of anything in it, where that was asked for and XFS tells. */
  changed: Date | undefined;
  /** Its file in `limits/`, which `quota set` writes. */
  own: OwnLimits | Unreadable | undefined;
  /** Those in its note in `groups/`, which the hub writes: the groups of the configuration that the provider's last answer names. */
  groups: readonly string[];
};

/** All homes, and what limits them. */
export type Homes = {
  /** The storage host's clock. */
  now: Date;
  enforced: boolean;
  /** The folder that holds them. */
  parent: Attributes | undefined;
  homes: Home[];
  /** The number of entries among them that cannot be homes. */
  others: number;
  /** `limits.json`; undefined where it is missing or unreadable. */
  limits: Limits | undefined;
  watcher: WatcherReport | undefined;
  trash: Trashed[];
  disk: { size: number; free: number };
};

/** Inspects all homes or `only` some with one script, in bytes. Throws a UserError where their disk is not mounted. */
export const inspectHomes = async (
  storage: Host,
  { changes = false, only }: { changes?: boolean; only?: readonly string[] } = {},
): Promise<Homes> => {
  const [first = "", ...rest] = (
    await storage.script(inspectScript(changes, only), { title: "inspect the homes" })
  ).split("\n\x1e");
  const lines = first.split("\n").map((line) => line.split(" "));
  if (lines[0]?.[1] !== "1")
    throw new UserError(`the homes' disk is not mounted at ${paths.storage}`, {
      host: storage.name,
      hint: "to mount it, type: swarmhub up; to see all drift, type: swarmhub status",
    });
  return homesFrom(lines, sectionsOf(rest));
};

type Sections = Record<"state" | "accounts" | "disk", string>;

const sectionsOf = (parts: readonly string[]): Sections => {
  const textOf = (name: string): string =>
    parts.find((part) => part.startsWith(`${name}\n`))?.slice(name.length + 1) ?? "";
  return { state: textOf("state"), accounts: textOf("accounts"), disk: textOf("disk") };
};

const homesFrom = (lines: readonly string[][], sections: Sections): Homes => {
  const byName = (kind: string) =>
    new Map(
      lines.flatMap(([first, name = "", value = ""]) => (first === kind ? [[name, value]] : [])),
    );
  const only = (kind: string): string => lines.find(([first]) => first === kind)?.[1] ?? "";
  const accounts = parseReport(sections.accounts);
  const [owners, own, pending] = [byName("owners"), byName("limits"), byName("pending")];
  const [changed, groups] = [byName("changed"), byName("groups")];
  const parent = attributesFrom(lines.find(([first]) => first === "parent")?.slice(1) ?? []);
  const found = lines.filter(([first]) => first === "home");
  const homes = found.map(([, name = "", ...words]): Home => {
    const attributes = attributesFrom(words);
    // The parent's account is shared by all homes that have no id of their own.
    const hasOwnId = attributes !== undefined && attributes.projectId !== parent?.projectId;
    const id = hasOwnId ? attributes.projectId : 0;
    return {
      name,
      user: ownerFrom(owners.get(name)),
      attributes,
      ...usageFrom(id === 0 ? undefined : accounts.get(id)),
      pendingSince: dateFrom(pending.get(name)),
      changed: id === 0 ? undefined : dateFrom(changed.get(String(id))),
      own: ownFrom(own.get(name)),
      groups: parseGroupNote(textOf(groups.get(name)))?.groups ?? [],
    };
  });
  const [size = 0, free = 0] = sections.disk.trim().split(/\s+/).map(Number);
  return {
    now: new Date(Number(only("now")) * 1000),
    enforced: parseState(sections.state) === true,
    parent,
    homes,
    others: Number(only("others")),
    limits: limitsFrom(only(storageFiles.limits)),
    watcher: parseWatcherReport(textOf(only(storageFiles.watcherStatus))),
    trash: lines.flatMap(trashedFrom),
    disk: { size, free },
  };
};

const usageFrom = (account: Account | undefined): Pick<Home, "bytes" | "files"> => {
  const { usedKiB = 0, hardKiB = 0, usedFiles = 0, hardFiles = 0 } = account ?? {};
  return {
    bytes: { used: usedKiB * 1024, hard: hardKiB * 1024 },
    files: { used: usedFiles, hard: hardFiles },
  };
};

const attributesFrom = ([id, inherits]: readonly string[]): Attributes | undefined =>
  inherits === undefined ? undefined : { projectId: Number(id), inherits: inherits === "1" };

/** "!" is not a regular file, or too large. */
const ownFrom = (hexadecimal: string | undefined): Home["own"] => {
  if (hexadecimal === undefined) return undefined;
  if (hexadecimal === "!") return { problem: notReadable(maximumOwnLimitsBytes) };
  return parseOwnLimits(textOf(hexadecimal));
};

const limitsFrom = (hexadecimal: string): Limits | undefined => {
  try {
    return parseLimits(textOf(hexadecimal));
  } catch {
    return undefined;
  }
};

/** "trash ENTRY 1 NOTE" is a whole entry of the trash. */
const trashedFrom = ([kind, entry = "", isWhole, note]: readonly string[]): Trashed[] => {
  const parsed = kind === "trash" && isWhole === "1" ? parseTrashEntry(entry) : undefined;
  return parsed === undefined ? [] : [{ entry, user: ownerFrom(note), ...parsed }];
};

const dateFrom = (seconds: string | undefined): Date | undefined =>
  seconds === undefined ? undefined : new Date(Number(seconds) * 1000);

const ownerFrom = (hexadecimal: string | undefined): string | undefined =>
  ownerIn(textOf(hexadecimal));

const textOf = (hexadecimal = ""): string => Buffer.from(hexadecimal, "hex").toString("utf8");
