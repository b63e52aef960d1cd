import type { Cluster } from "../cluster/cluster.js";
import type { Config } from "../config/types.js";
import { UserError, exitCode } from "../errors.js";
import { inspectHomes } from "../homes/inspect.js";
import { type NamedHome, ownedOf, ownerName } from "../homes/select.js";
import { homeNamesOf } from "../names.js";
import type { Terminal } from "../report/terminal.js";
import { jsonText, printable } from "../text/format.js";
import { assignmentOf, openCollected } from "./collect/folder.js";
import { rowsFrom } from "./collect/result.js";
import { type CollectLine, collectTable, summaryOf } from "./collect/table.js";
import { unpack } from "./collect/unpack.js";
import { collectFromHub } from "./handout/in-hub.js";
import { groupsOf } from "./shared/groups.js";
import { homesOnDisk } from "./shared/homes.js";
import { type ClassOptions, withReachable } from "./shared/session.js";

/** The options of `swarmhub collect`; `path` is in the homes, `to` on this machine, `max` in bytes for each home. */
export type CollectOptions = ClassOptions & { path: string; to: string; max: number };

/** Copies a file or folder of every student's home to this machine while they work; the next time, only what changed. */
export const collect = (options: CollectOptions, terminal: Terminal): Promise<void> => {
  const path = pathInHomes(options.path);
  return withReachable(options, terminal, (cluster) =>
    collectFrom(cluster, { ...options, path }, terminal),
  );
};

/** The same in a connected class. */
export const collectFrom = async (
  cluster: Cluster,
  options: Pick<CollectOptions, "path" | "to" | "max" | "json">,
  terminal: Terminal,
): Promise<void> => {
  const { path } = options;
  const { storage } = homesOnDisk(cluster, "collected");
  const [seen, groups] = await Promise.all([inspectHomes(storage), groupsOf(cluster)]);
  const login = { ...cluster.config.login, groups };
  const { homes, missing, teachers } = studentsOf(login, ownedOf(seen.homes));
  const folder = await openCollected(options.to, path, homes);
  try {
    const names = homes.map(({ name }) => name);
    const limits = { homes: new Set(names), bytes: options.max };
    const { into, done } = unpack(folder.part, limits);
    const request = { path, homes: names, known: folder.known, limit: options.max };
    await collectFromHub(cluster, request, into);
    into.end();
    const rows = rowsFrom(await done);
    const placed = await folder.place(rows, homes, new Date());
    const byHome = new Map(rows.map((row) => [row.home, row]));
    const lines: CollectLine[] = [
      ...homes.map((home) => ({
        user: ownerName(home),
        row: byHome.get(home.name),
        placed: placed.get(home.name),
      })),
      ...missing.map((user) => ({ user, row: undefined, placed: undefined })),
    ];
    if (options.json)
      return terminal.print(jsonText({ path, to: options.to, students: lines.map(jsonOf) }));
    if (lines.length > 0) terminal.print(collectTable(lines, terminal.screen));
    terminal.print(`${summaryOf(lines)} → ${options.to}/submitted/*/${assignmentOf(path)}`);
    if (teachers.length > 0)
      terminal.report.event({
        type: "note",
        text: `not collected from teachers and admins: ${teachers.join(", ")}`,
      });
  } finally {
    await folder.close();
  }
};

/** The path as the hub reads it, with names as `handout` writes them. Throws a UserError (usage) where it leaves the home. */
export const pathInHomes = (text: string): string => {
  const parts = text.normalize().replace(/^\.\//, "").replace(/\/+$/, "").split("/");
  if (parts.some(isFault))
    throw new UserError(
      `"${printable(text)}" is not the path of a visible file or folder in the homes`,
      {
        hint: "name it as students see it in JupyterLab: swarmhub collect week2/hw1.ipynb",
        code: exitCode.usage,
      },
    );
  return parts.join("/");
};

const isFault = (part: string): boolean =>
  part === "" || part.startsWith(".") || printable(part) !== part;

/** The homes of students; the users of groups who have none yet; and the names of teachers and admins, whose homes are left out. */
export const studentsOf = <Home extends NamedHome>(
  { admins, teachers, groups }: Config["login"],
  homes: readonly Home[],
): { homes: Home[]; missing: string[]; teachers: string[] } => {
  const staff = new Set([...admins, ...teachers].flatMap(homeNamesOf));
  const names = new Set(homes.map(({ name }) => name));
  const members = new Set(Object.values(groups).flat());
  return {
    homes: homes.filter(({ name }) => !staff.has(name)),
    missing: [...members]
      .filter((user) => !homeNamesOf(user).some((name) => names.has(name) || staff.has(name)))
      .map((user) => ownerName({ name: user, user })),
    teachers: homes.filter(({ name }) => staff.has(name)).map(ownerName),
  };
};

const jsonOf = ({ user, row, placed }: CollectLine) => ({
  user,
  home: row?.home ?? null,
  state: row?.what ?? "missing",
  reason: row?.why === "" ? null : (row?.why ?? null),
  lastChange: row?.what === "changed" ? new Date(row.changedAt * 1000).toISOString() : null,
  bytes: row?.size ?? 0,
  files: row?.files ?? 0,
  leftOut: row?.leftOut ?? 0,
  tooLarge: row?.tooLarge ?? 0,
  copy: placed ?? null,
});
