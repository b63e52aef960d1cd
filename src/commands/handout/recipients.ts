import type { Config } from "../../config/types.js";
import { type NamedHome, selectHomes } from "../../homes/select.js";
import { homeNamesOf } from "../../names.js";
import { groupHint } from "../shared/groups.js";

/**
 * Who gets something: `to` has the names of their homes, null for everyone, and `groups` those whose later members get it too. `homes` are
 * those that exist already.
 */
export type Recipients<Home extends NamedHome> = {
  to: string[] | null;
  groups: string[];
  homes: Home[];
};

/**
 * The recipients that the words name: groups of `login` with their members, or users who have a home or are in the configuration. None:
 * everyone. A word that is both is the group. Throws a UserError (usage).
 */
export const recipientsOf = <Home extends NamedHome>(
  login: Config["login"],
  homes: readonly Home[],
  words: readonly string[],
): Recipients<Home> => {
  if (words.length === 0) return { to: null, groups: [], homes: [...homes] };
  const members = new Set([login.admins, login.teachers, ...Object.values(login.groups)].flat());
  const groups = words.filter((word) => Object.hasOwn(login.groups, word));
  const users = words.filter((word) => !groups.includes(word));
  const named = [
    ...groups.flatMap((group) => login.groups[group] ?? []),
    ...users.filter((word) => members.has(word)),
  ];
  const known = Object.keys(login.groups);
  const others = selectHomes(
    homes,
    users.filter((word) => !members.has(word)),
    { groups: known, hint: groupHint(login, known) },
  );
  const to = new Set([...named.flatMap(homeNamesOf), ...others.map(({ name }) => name)]);
  return { to: [...to].toSorted(), groups, homes: homes.filter(({ name }) => to.has(name)) };
};
