import type { Config } from "../../config/types.js";
import { type NamedHome, selectHomes } from "../../homes/select.js";
import { homeNamesOf } from "../../names.js";

/** Who gets something: `to` has the names of their homes, null for everyone; `homes` are those that exist already. */
export type Recipients<Home extends NamedHome> = { to: string[] | null; homes: Home[] };

/** The recipients that the words name: groups, or users who have a home or are in the configuration. None: everyone. Throws a UserError (usage). */
export const recipientsOf = <Home extends NamedHome>(
  login: Config["login"],
  homes: readonly Home[],
  words: readonly string[],
): Recipients<Home> => {
  if (words.length === 0) return { to: null, homes: [...homes] };
  const members = new Set([login.admins, login.teachers, ...Object.values(login.groups)].flat());
  const unlisted: string[] = [];
  const to = new Set(
    words.flatMap((word) => {
      const group = login.groups[word];
      if (group !== undefined) return group.flatMap(homeNamesOf);
      if (members.has(word)) return homeNamesOf(word);
      unlisted.push(word);
      return [];
    }),
  );
  for (const { name } of selectHomes(homes, unlisted)) to.add(name);
  return { to: [...to].toSorted(), homes: homes.filter(({ name }) => to.has(name)) };
};
