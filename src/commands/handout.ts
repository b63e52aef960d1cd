import type { Cluster } from "../cluster/cluster.js";
import { UserError } from "../errors.js";
import { inspectHomes } from "../homes/inspect.js";
import { type NamedHome, ownedOf, ownerName } from "../homes/select.js";
import { runTasksInTurn } from "../reconcile/run-tasks.js";
import type { Terminal } from "../report/terminal.js";
import { jsonText, plural, printable } from "../text/format.js";
import { type Handout, handoutName, readHandout } from "./handout/files.js";
import { type HandoutResult, type HandoutRow, askHub } from "./handout/in-hub.js";
import { type Recipients, recipientsOf } from "./handout/recipients.js";
import { handoutTable, problemText } from "./handout/table.js";
import { groupsOf } from "./shared/groups.js";
import { homesOnDisk } from "./shared/homes.js";
import { type ClassOptions, withReachable } from "./shared/session.js";

/** The options of `swarmhub handout`; `path` is a file or folder on this machine, `to` groups or users, none for everyone. */
export type HandoutOptions = ClassOptions & {
  path: string;
  to?: string[];
  dryRun: boolean;
  takeBack: boolean;
};

/** Puts a file or folder into homes, or takes it back. */
export const handout = async (
  options: HandoutOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> => {
  // Before any machine is asked: most mistakes are in the folder.
  const sent = options.takeBack ? undefined : await readHandout(options.path);
  await withReachable(options, terminal, (cluster) =>
    handOutIn(cluster, sent, options, terminal, signal),
  );
};

/** The same in a connected class; without `sent` it takes back. All homes are checked before the first one changes. */
export const handOutIn = async (
  cluster: Cluster,
  sent: Handout | undefined,
  options: Pick<HandoutOptions, "path" | "to" | "dryRun" | "json">,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> => {
  const name = handoutName(options.path);
  const { storage } = homesOnDisk(cluster, "handed out");
  const { homes } = await inspectHomes(storage);
  const words = options.to ?? [];
  const login = { ...cluster.config.login };
  if (words.length > 0) login.groups = await groupsOf(cluster, words);
  const recipients = recipientsOf(login, ownedOf(homes), words);
  const { to, groups } = recipients;
  const files = sent?.files ?? [];
  const request = { name, files, to, groups, homes: recipients.homes.map(nameOf) };
  const checked =
    sent === undefined
      ? await askHub(cluster, "take-back", { ...request, dryRun: true })
      : await askHub(cluster, "check", request);
  if (options.dryRun) return show(checked, recipients, options, name, sent, terminal);
  const results: HandoutResult[] = [];
  const run = async (): Promise<void> => {
    results.push(
      sent === undefined
        ? await askHub(cluster, "take-back", { ...request, dryRun: false })
        : await askHub(cluster, "hand-out", request, await sent.archive()),
    );
  };
  const title = printable(sent === undefined ? `take ${name} back` : `hand out ${name}`);
  const task = { host: cluster.manager.name, title, run };
  await runTasksInTurn("handout", [task], terminal.report, signal);
  for (const result of results) show(result, recipients, options, name, sent, terminal);
};

const nameOf = ({ name }: NamedHome): string => name;

const show = (
  { number, rows }: HandoutResult,
  { to, groups, homes }: Recipients<NamedHome>,
  { json, dryRun }: Pick<HandoutOptions, "json" | "dryRun">,
  name: string,
  sent: Handout | undefined,
  { print, report, screen }: Terminal,
): void => {
  const takeBack = sent === undefined;
  const users = new Map(homes.map((home) => [home.name, home]));
  if (json) {
    const named = rows.map((row) => ({ user: users.get(row.home)?.user ?? null, ...row }));
    print(jsonText({ name, version: number, dryRun, to, groups, homes: named }));
  } else {
    if (rows.length > 0) print(handoutTable(rows, homes, screen));
    print(summary(name, number, rows, takeBack));
  }
  if (dryRun) report.event({ type: "note", text: "nothing was changed: this was a dry run" });
  else if (!takeBack)
    report.event({ type: "note", text: `${laterText(to, groups)} when their servers start` });
  const failed = rows.flatMap((row) =>
    "problem" in row && row.problem !== "no limit"
      ? [
          `${ownerName(users.get(row.home) ?? { name: row.home, user: undefined })}: ${problemText(row)}`,
        ]
      : [],
  );
  if (failed.length > 0 && !dryRun)
    throw new UserError(
      `${plural(failed.length, "home")} of ${rows.length} did not change:\n${failed.join("\n")}`,
      {
        hint: takeBack
          ? "to try again, type the same command"
          : "they get the files at their next start once there is room, or type the same command again",
      },
    );
};

const summary = (
  name: string,
  version: number,
  rows: readonly HandoutRow[],
  takeBack: boolean,
): string => {
  const text = takeBack ? "" : `, version ${version}`;
  return `${printable(name)}${text}: ${plural(rows.length, "home")}`;
};

const laterText = (to: readonly string[] | null, groups: readonly string[]): string => {
  if (to === null) return "all others get it";
  const later =
    groups.length === 0 ? "" : `, and later members of ${printable(groups.join(", "))},`;
  return `those of them who have no home yet${later} get it`;
};
