import { type Limits, type OwnLimits, limitsFrom, ownLimitsFrom } from "../../contracts/limits.js";
import { type Attributes, parseState } from "../../contracts/xfs.js";
import { UserError } from "../errors.js";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";
import { inspectScript } from "./inspect-script.js";
import { type Trashed, trashFrom } from "./trash.js";
import { type Watcher, watcherFrom } from "./watcher.js";

/** What is used, and the hard limit; 0 is no limit. */
export type Account = { used: number; hard: number };

/** A home as it is on the storage host; `user` is the name in its owner's note, which may hold anything. */
export type Home = {
  name: string;
  user: string | undefined;
  /** Undefined where they cannot be read. */
  attributes: Attributes | undefined;
  bytes: Account;
  /** Files, folders and whatever else takes an inode, the home itself included. */
  files: Account;
  /** When the mark *quota not set* was set, where it is. */
  marked: Date | undefined;
  /** The newest change of anything in it, where that was looked for and XFS tells. */
  changed: Date | undefined;
  /** What `quota set` said of it. */
  own: OwnLimits | "unreadable" | undefined;
};

/** All homes, and what keeps them in their limits. */
export type Homes = {
  /** The clock over there. */
  now: Date;
  enforced: boolean;
  /** The folder that holds them. */
  parent: Attributes | undefined;
  homes: Home[];
  /** How much lies among them that cannot be a home. */
  others: number;
  limits: Limits | undefined;
  watcher: Watcher | undefined;
  trash: Trashed[];
  disk: { size: number; free: number };
};

/** Looks at every home with one script, or at some of them. Throws a UserError where no homes' disk is mounted. */
export const inspectHomes = async (
  storage: Host,
  { changes = false, only }: { changes?: boolean; only?: readonly string[] } = {},
): Promise<Homes> => {
  const [first = "", ...rest] = (
    await storage.script(inspectScript(changes, only), { title: "inspect the homes" })
  ).split("\n\x1e");
  const lines = first.split("\n").map((line) => line.split(" "));
  if (lines[0]?.[1] !== "1")
    throw new UserError(`no homes' disk is mounted at ${paths.storage}`, {
      host: storage.name,
      hint: "`swarmhub up` mounts it, `swarmhub status` shows what differs",
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
      lines.flatMap(([what, name = "", value = ""]) => (what === kind ? [[name, value]] : [])),
    );
  const only = (kind: string): string => lines.find(([what]) => what === kind)?.[1] ?? "";
  const accounts = accountsFrom(sections.accounts);
  const [owners, own, pending] = [byName("owners"), byName("limits"), byName("pending")];
  const changed = byName("changed");
  const parent = attributesFrom(lines.find(([what]) => what === "parent")?.slice(1) ?? []);
  const found = lines.filter(([what]) => what === "home");
  const homes = found.map(([, name = "", ...attributes]): Home => {
    const seen = attributesFrom(attributes);
    // What is on the parent's account is everybody's who has none.
    const id = seen === undefined || seen.projectId === parent?.projectId ? 0 : seen.projectId;
    const newest = id === 0 ? undefined : changed.get(String(id));
    const mark = pending.get(name);
    return {
      name,
      user: userFrom(owners.get(name)),
      attributes: seen,
      ...((id === 0 ? undefined : accounts.get(id)) ?? noAccount),
      marked: mark === undefined ? undefined : dateOf(mark),
      changed: newest === undefined ? undefined : dateOf(newest),
      own: ownLimitsFrom(own.has(name) ? textOf(own.get(name)) : undefined),
    };
  });
  const [size = 0, free = 0] = sections.disk.trim().split(/\s+/).map(Number);
  return {
    now: dateOf(only("now")),
    enforced: parseState(sections.state) === true,
    parent,
    homes,
    others: Number(only("others")),
    limits: limitsFrom(textOf(only("limits.json"))),
    watcher: watcherFrom(textOf(only("watcher.json"))),
    trash: lines.flatMap((line) => trashFrom(line, userFrom)),
    disk: { size, free },
  };
};

const noAccount = { bytes: { used: 0, hard: 0 }, files: { used: 0, hard: 0 } };

/** Reads `xfs_quota -x -c 'report -p -n -N -b -i'`: KiB and inodes by project id. */
const accountsFrom = (text: string): Map<number, Pick<Home, "bytes" | "files">> => {
  const line = /^#(\d+)\s+(\d+)\s+\d+\s+(\d+)\s+\d+ \[[^\]]*\]\s+(\d+)\s+\d+\s+(\d+)\s/gm;
  return new Map(
    [...text.matchAll(line)].map((found) => {
      const [id = 0, kib = 0, hardKib = 0, used = 0, hard = 0] = found.slice(1).map(Number);
      const bytes = { used: kib * 1024, hard: hardKib * 1024 };
      return [id, { bytes, files: { used, hard } }];
    }),
  );
};

const attributesFrom = ([id, inherits]: readonly string[]): Attributes | undefined =>
  inherits === undefined ? undefined : { projectId: Number(id), inherits: inherits === "1" };

const dateOf = (seconds: string): Date => new Date(Number(seconds) * 1000);

const textOf = (hexadecimal = ""): string => Buffer.from(hexadecimal, "hex").toString("utf8");

const userFrom = (hexadecimal: string | undefined): string | undefined => {
  try {
    const { user } = JSON.parse(textOf(hexadecimal)) as { user?: unknown };
    return typeof user === "string" ? user : undefined;
  } catch {
    return undefined;
  }
};
