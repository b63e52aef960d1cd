import { resolve } from "node:path";
import { loadConfig } from "../../config/load.js";
import type { Config, RosterSource } from "../../config/types.js";
import { shown } from "../../errors.js";
import { tableText } from "../../report/table.js";
import type { Terminal } from "../../report/terminal.js";
import { peopleText } from "../../roster/changes.js";
import { missingStaff, peopleFrom } from "../../roster/people.js";
import { type RosterFile, readRoster } from "../../roster/read.js";
import { jsonText, printable } from "../../text/format.js";
import { cut } from "../../text/width.js";
import type { ClassOptions } from "../shared/session.js";
import { sourceOf } from "../shared/roster.js";

/** The options of `swarmhub roster check`: a file instead of the configured one, and its columns. */
export type RosterCheckOptions = ClassOptions & {
  file?: string;
  userName?: string;
  group?: string;
};

/** Shows who becomes which user name. It needs no class, and with a file no configuration. */
export const rosterCheck = async (
  options: RosterCheckOptions,
  terminal: Terminal,
): Promise<void> => {
  const config = options.file === undefined ? await loadConfig(options.config) : undefined;
  const source = config === undefined ? sourceFrom(options) : sourceOf(config);
  const file = await readRoster(source);
  if (config !== undefined) peopleFrom(file, config);
  if (options.json) return terminal.print(jsonText(jsonOf(file)));
  const rows = file.entries.map(({ name, shown: person, groups, typed, row }) => [
    cut(printable(name), 60),
    cut(printable(typed), 60),
    cut(person, 40),
    groups.join(", "),
    String(row.line),
  ]);
  terminal.print(
    tableText([["USER", "IN THE FILE", "NAME", "GROUPS", "LINE"], ...rows], {
      right: [4],
      screen: terminal.screen,
    }),
  );
  for (const line of summaryLines(file)) terminal.print(line);
  for (const text of config === undefined ? [] : staffNotes(config, file))
    terminal.report.event({ type: "note", text });
};

const sourceFrom = ({ file = "", userName, group }: RosterCheckOptions): RosterSource => ({
  file: resolve(file),
  folder: ".",
  ...(userName !== undefined && { userName }),
  ...(group !== undefined && { group }),
});

const separators: Record<string, string> = {
  ",": "commas",
  ";": "semicolons",
  "\t": "tabs",
  ":": "colons",
  "|": "bars",
};

/** From which columns everything comes, and how many people are in each group. */
const summaryLines = ({ entries, table, columns, encoding }: RosterFile): string[] => {
  const header = (index: number): string => shown((table.header.cells[index] ?? "").trim());
  const sizes = new Map<string, number>();
  for (const { groups } of entries)
    for (const group of groups) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const form = `${encoding.name.toUpperCase()}, separated by ${separators[table.separator] ?? shown(table.separator)}`;
  const rule = columns.isAddress ? ", the part before the @" : "";
  return [
    `${peopleText(entries.length)} (${form})`,
    `user names from the column ${header(columns.user)}${rule}`,
    ...(columns.group === undefined
      ? []
      : [
          `groups from the column ${header(columns.group)}: ${[...sizes].map(([group, size]) => `${group} (${size})`).join(", ") || "none"}`,
        ]),
  ];
};

/** What happens with admins and teachers who are not in the file. */
const staffNotes = (config: Config, { entries }: RosterFile): string[] => {
  const { admins, teachers } = missingStaff(config, entries);
  const hasPasswords = config.login.method.kind === "passwords";
  const what = hasPasswords
    ? "log in with the password of `swarmhub open --passwords`"
    : "may log in too";
  return [...note("admins", admins, what), ...note("teachers", teachers, what)];
};

const note = (who: string, names: readonly string[], what: string): string[] =>
  names.length === 0 ? [] : [`${who} who are not on the roster ${what}: ${names.join(", ")}`];

const jsonOf = ({ entries, encoding, table, columns }: RosterFile) => ({
  encoding: encoding.name,
  separator: table.separator,
  userNameColumn: table.header.cells[columns.user] ?? "",
  groupColumn: columns.group === undefined ? null : (table.header.cells[columns.group] ?? ""),
  people: entries.map(({ name, shown: person, groups, typed, row }) => ({
    user: name,
    name: person,
    groups,
    typed,
    line: row.line,
  })),
});
