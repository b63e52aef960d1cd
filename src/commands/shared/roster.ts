import { sharedHome } from "../../../contracts/storage-folders.js";
import type { Cluster } from "../../cluster/cluster.js";
import type { Config, RosterSource } from "../../config/types.js";
import { UserError, exitCode, shown } from "../../errors.js";
import type { NamedHome } from "../../homes/select.js";
import { homeNamesOf } from "../../names.js";
import { readRosterFile } from "../../pieces/index.js";
import { peopleOf } from "../../roster/people.js";
import { spell } from "../../roster/spell.js";
import { nearest } from "../../text/nearest.js";

/** The roster of the configuration; throws a UserError (usage) where it has none. */
export const sourceOf = ({ login: { roster } }: Config): RosterSource => {
  if (roster !== undefined) return roster;
  throw new UserError("the configuration has no roster, so everybody may log in", {
    hint: "write login: {roster: ./students.csv} into swarmhub.yaml; to look at a file first, type: swarmhub roster check students.csv",
    code: exitCode.usage,
  });
};

/** Whether a home's owner is no longer on the roster. Throws a UserError where there is no roster, or none that can be read. */
export const formerOwner = (config: Config): ((home: NamedHome) => boolean) => {
  sourceOf(config);
  const people = peopleOf(config) ?? [];
  const { admins, teachers } = config.login;
  const names = new Set([...people.map(({ name }) => name), ...admins, ...teachers]);
  const homes = new Set([...names].flatMap(homeNamesOf));
  return ({ name, user }) =>
    name !== sharedHome && (user === undefined ? !homes.has(name) : !names.has(spell(user)));
};

/** Whether `up` has brought a roster to the manager. */
export const hasRoster = async (cluster: Cluster): Promise<boolean> =>
  (await readRosterFile(cluster)) !== undefined;

/** The names that the words stand for. Throws a UserError (usage) with all that are unknown. */
export const selectNames = (
  known: ReadonlyMap<string, string>,
  words: readonly string[],
): Set<string> => {
  const find = (word: string): string | undefined => known.get(word) ?? known.get(spell(word));
  const unknown = words.filter((word) => find(word) === undefined);
  if (unknown.length === 0) return new Set(words.flatMap((word) => find(word) ?? []));
  const lines = unknown.map((word) => {
    const near = nearest(word, [...known.values()]);
    const advice = near === undefined ? "" : `; did you mean ${shown(near)}?`;
    return `${shown(word)} is not on the roster${advice}`;
  });
  throw new UserError(lines.join("\n"), {
    hint: "to see who is, type: swarmhub roster check",
    code: exitCode.usage,
  });
};

/** Throws a UserError (usage) for a class without personal passwords. */
export const requirePasswords = (config: Config): void => {
  sourceOf(config);
  if (config.login.method.kind === "passwords") return;
  throw new UserError("users of this class have no passwords of their own, so there are no slips", {
    hint: "write login: {passwords: generated} into swarmhub.yaml, then type: swarmhub up",
    code: exitCode.usage,
  });
};
