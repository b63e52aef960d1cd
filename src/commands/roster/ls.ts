import { type RosterPerson, peopleIn } from "../../../contracts/roster.js";
import type { Person } from "../../config/types.js";
import { readRosterFile } from "../../pieces/index.js";
import { tableText } from "../../report/table.js";
import type { Terminal } from "../../report/terminal.js";
import { changesBetween, peopleText } from "../../roster/changes.js";
import { peopleOf } from "../../roster/people.js";
import { jsonText, printable } from "../../text/format.js";
import { cut } from "../../text/width.js";
import { sourceOf } from "../shared/roster.js";
import { type ClassOptions, withCluster } from "../shared/session.js";

/** Shows who may log in, and how the file differs from that. */
export const rosterLs = (options: ClassOptions, terminal: Terminal): Promise<void> =>
  withCluster(options, terminal, async (cluster) => {
    sourceOf(cluster.config);
    const present = peopleIn((await readRosterFile(cluster)) ?? "") ?? [];
    const hasPasswords = cluster.config.login.method.kind === "passwords";
    const rows = rowsOf(present, peopleOf(cluster.config) ?? [], hasPasswords);
    if (options.json) return terminal.print(jsonText(rows));
    const cells = rows.map(({ user, name, groups, state }) => [
      cut(printable(user), 60),
      cut(printable(name), 40),
      groups.join(", "),
      stateText[state],
    ]);
    const header = ["USER", "NAME", "GROUPS", "STATE"];
    if (rows.length > 0) terminal.print(tableText([header, ...cells], { screen: terminal.screen }));
    terminal.print(summaryOf(rows));
  });

type State = "in" | "added" | "removed" | "changed";
type Row = { user: string; name: string; groups: string[]; state: State };

const stateText: Record<State, string> = {
  in: "may log in",
  added: "only in the file",
  removed: "no longer in the file",
  changed: "differs from the file",
};

/** Everybody in the class and in the file, by name. */
export const rowsOf = (
  present: readonly RosterPerson[],
  wanted: readonly Person[],
  hasPasswords: boolean,
): Row[] => {
  const { added, removed, changed, withoutPassword } = changesBetween(present, wanted, {
    hasPasswords,
  });
  const states = new Map<string, State>([
    ...[...changed, ...withoutPassword].map(({ name }) => [name, "changed"] as const),
    ...added.map(({ name }) => [name, "added"] as const),
    ...removed.map(({ name }) => [name, "removed"] as const),
  ]);
  return [...wanted, ...removed]
    .map(({ name, shown, groups }) => ({
      user: name,
      name: shown,
      groups,
      state: states.get(name) ?? "in",
    }))
    .toSorted((one, other) => (one.user < other.user ? -1 : 1));
};

const summaryOf = (rows: readonly Row[]): string => {
  const count = rows.filter(({ state }) => state !== "added").length;
  const differs = rows.some(({ state }) => state !== "in");
  return `${peopleText(count)} may log in${differs ? "; `swarmhub up` brings the file to the class" : ""}`;
};
