import { sharedHome } from "../../contracts/storage-folders.js";
import { UserError, exitCode } from "../errors.js";
import { slugOf } from "../names.js";
import { printable } from "../text/format.js";
import { nearest } from "../text/nearest.js";
import { cut } from "../text/width.js";

/** A home: the name of its folder, and of its owner where there is a note. */
export type NamedHome = { name: string; user: string | undefined };

/** The owner's name, safe for a terminal and 40 columns at most; the home's name where there is no note. */
export const ownerName = ({ name, user }: NamedHome): string =>
  user === undefined ? name : cut(printable(user), 40) || name;

/** The homes of users: all but the shared folder of the class. */
export const ownedOf = <Home extends NamedHome>(homes: readonly Home[]): Home[] =>
  homes.filter(({ name }) => name !== sharedHome);

/** The groups that a word could have meant, and what to do about one that is none. */
type OrGroups = { groups: readonly string[]; hint: string };

/**
 * The homes with these login names or home names, each once. Throws a UserError with all unknown names, which could have been those of
 * groups as well.
 */
export const selectHomes = <Home extends NamedHome>(
  homes: readonly Home[],
  words: readonly string[],
  orGroups?: OrGroups,
): Home[] => {
  const byName = new Map(homes.map((home) => [home.name, home]));
  const byUser = new Map(homes.map((home) => [home.user ?? home.name, home]));
  const find = (word: string): Home | undefined =>
    byUser.get(word) ??
    byName.get(word) ??
    byName.get(slugOf(word)) ??
    byName.get(slugOf(word.toLowerCase()));
  const unknown = words.filter((word) => find(word) === undefined);
  if (unknown.length > 0) throw unknownError(homes, unknown, orGroups);
  return [...new Set(words.flatMap((word) => find(word) ?? []))];
};

const unknownError = (
  homes: readonly NamedHome[],
  unknown: readonly string[],
  orGroups: OrGroups | undefined,
): UserError => {
  const users = homes.flatMap(({ name, user }) => [name, user ?? name]);
  const names = [...new Set([...users, ...(orGroups?.groups ?? [])])];
  const lines = unknown.map((word) => {
    const near = nearest(word, names);
    const advice = near === undefined ? "" : `; did you mean ${cut(printable(near), 40)}?`;
    const nor = orGroups === undefined ? "" : " and is no group";
    return `"${cut(printable(word), 40)}" has no home${nor}${advice}`;
  });
  const few = homes.length > 0 && homes.length <= 20;
  const all = few ? `\nhomes: ${homes.map(ownerName).toSorted().join(", ")}` : "";
  const hint =
    homes.length === 0
      ? "a home is created when its owner logs in for the first time"
      : "to list all homes, type: swarmhub homes ls";
  return new UserError(lines.join("\n") + all, {
    hint: orGroups === undefined ? hint : `${orGroups.hint}; ${hint}`,
    code: exitCode.usage,
  });
};
