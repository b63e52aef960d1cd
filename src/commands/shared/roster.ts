import type { Config, RosterSource } from "../../config/types.js";
import { UserError, exitCode } from "../../errors.js";
import type { NamedHome } from "../../homes/select.js";
import { homeNamesOf } from "../../names.js";
import { peopleOf } from "../../roster/people.js";
import { spell } from "../../roster/spell.js";

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
  return ({ name, user }) => (user === undefined ? !homes.has(name) : !names.has(spell(user)));
};
