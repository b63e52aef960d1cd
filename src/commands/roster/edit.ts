import type { Cluster } from "../../cluster/cluster.js";
import { loadConfig } from "../../config/load.js";
import type { RosterSource } from "../../config/types.js";
import { UserError, exitCode } from "../../errors.js";
import type { Terminal } from "../../report/terminal.js";
import { withPeople, withoutPeople, writeRoster } from "../../roster/edit.js";
import { peopleFrom, withRoster } from "../../roster/people.js";
import { type RosterFile, readRoster } from "../../roster/read.js";
import { withCluster } from "../shared/session.js";
import { hasRoster, selectNames, sourceOf } from "../shared/roster.js";
import { type RosterChangeOptions, applyRoster } from "./apply.js";

/** The options of `swarmhub roster add`; `users` are names or addresses as the file has them. */
export type RosterAddOptions = RosterChangeOptions & {
  users: string[];
  name?: string;
  group: string[];
};

/** The options of `swarmhub roster remove`. */
export type RosterRemoveOptions = RosterChangeOptions & { users: string[] };

/** Adds people to the roster's file and to the running class. */
export const rosterAdd = (
  options: RosterAddOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> => {
  const { users, name, group } = options;
  if (name !== undefined && users.length > 1)
    throw new UserError("--name is the name of one person", {
      hint: "add one person at a time, or add several without --name",
      code: exitCode.usage,
    });
  const people = users.map((user) => ({
    user,
    groups: group,
    ...(name !== undefined && { shown: name }),
  }));
  return editRoster(options, terminal, signal, (file, source) => withPeople(file, people, source));
};

/** Removes people from the roster's file and from the running class; their homes stay. */
export const rosterRemove = (
  options: RosterRemoveOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> =>
  editRoster(options, terminal, signal, (file, source) =>
    withoutPeople(file, namesIn(file, options.users), source),
  );

const editRoster = (
  options: RosterChangeOptions,
  terminal: Terminal,
  signal: AbortSignal,
  edit: (file: RosterFile, source: RosterSource) => RosterFile,
): Promise<void> =>
  withCluster(options, terminal, async (cluster) => {
    // Without the groups of the roster as it was: those of its new text are added below.
    const config = await loadConfig(options.config);
    const source = sourceOf(config);
    const edited = edit(await readRoster(source), source);
    peopleFrom(edited, config);
    await writeRoster(edited, source.file);
    terminal.report.event({ type: "note", text: `wrote ${source.file}` });
    await applyIfUp({ ...cluster, config: await withRoster(config) }, options, terminal, signal);
  });

const applyIfUp = async (
  cluster: Cluster,
  options: RosterChangeOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> => {
  if (await hasRoster(cluster)) return applyRoster(cluster, new Set(), options, terminal, signal);
  const text = `${cluster.config.name} has no roster on its manager yet; \`swarmhub up\` writes it`;
  terminal.report.event({ type: "note", text });
  terminal.close();
};

const namesIn = ({ entries }: RosterFile, words: readonly string[]): Set<string> => {
  const known = new Map(
    entries.flatMap(({ name, typed }) => [
      [name, name],
      [typed, name],
    ]),
  );
  return selectNames(known, words);
};
