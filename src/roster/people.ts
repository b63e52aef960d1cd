import type { Config, Person } from "../config/types.js";
import { tellsGroups } from "../config/provider-groups.js";
import { UserError, exitCode } from "../errors.js";
import { type RosterFile, readRoster } from "./read.js";

/**
 * The configuration with the people of its roster, and with their groups beside those of `login`. An error in the roster is
 * kept for those who need the people: `peopleOf`. So it does not block `down` or `logs`.
 */
export const withRoster = async (config: Config): Promise<Config> => {
  const { roster, groups } = config.login;
  if (roster === undefined) return config;
  try {
    const people = peopleFrom(await readRoster(roster), config);
    return { ...config, login: { ...config.login, people, groups: allGroups(groups, people) } };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...config, login: { ...config.login, people: error } };
  }
};

/** The people who may log in; undefined where there is no roster. Throws the UserError about a roster that cannot be used. */
export const peopleOf = ({ login: { people } }: Config): Person[] | undefined => {
  if (people instanceof UserError) throw people;
  return people;
};

/** Members of a group who are not on the roster. For those who are, the hub reads the groups there. */
export const membersOutsideRoster = ({ login }: Config, group: string): string[] => {
  const people = Array.isArray(login.people) ? login.people : [];
  const listed = new Set(people.map(({ name }) => name));
  return (login.groups[group] ?? []).filter((name) => !listed.has(name));
};

/** The admins and teachers who are not on the roster, as the list of a course often has its students only. They may log in too. */
export const missingStaff = (
  { login: { admins, teachers } }: Config,
  entries: readonly Pick<Person, "name">[],
): { admins: string[]; teachers: string[] } => {
  const names = new Set(entries.map(({ name }) => name));
  return {
    admins: admins.filter((name) => !names.has(name)),
    teachers: teachers.filter((name) => !names.has(name) && !admins.includes(name)),
  };
};

/** Everybody in the file with all groups. Throws a UserError where a quota is for a group that nobody has. */
export const peopleFrom = (file: RosterFile, config: Config): Person[] => {
  const { login } = config;
  const groupsOf = (name: string): string[] =>
    Object.entries(login.groups).flatMap(([group, users]) => (users.includes(name) ? [group] : []));
  const withGroups = ({ name, shown, groups }: Person): Person => ({
    name,
    shown,
    groups: [...new Set([...groups, ...groupsOf(name)])].toSorted(),
  });
  const people = file.entries.map(withGroups);
  refuseQuotas(people, config);
  return people;
};

const allGroups = (
  groups: Record<string, string[]>,
  people: readonly Person[],
): Record<string, string[]> => {
  const all = new Map(Object.entries(groups).map(([group, users]) => [group, new Set(users)]));
  for (const person of people)
    for (const group of person.groups) {
      const members = all.get(group) ?? new Set();
      all.set(group, members.add(person.name));
    }
  return Object.fromEntries([...all].map(([group, members]) => [group, [...members]]));
};

/** Throws where a quota is for a group that has nobody. The groups of a provider are known when its users log in. */
const refuseQuotas = (people: readonly Person[], { login, storage }: Config): void => {
  if (storage.kind === "temporary" || tellsGroups(login.method)) return;
  const known = new Set([...Object.keys(login.groups), ...people.flatMap(({ groups }) => groups)]);
  const unknown = Object.keys(storage.quota.groups).filter((group) => !known.has(group));
  if (unknown.length > 0)
    throw new UserError(
      `storage.quota is for ${unknown.join(", ")}, but neither login.groups nor the roster ${login.roster?.file ?? ""} has such a group`,
      {
        hint: "correct the name of the group in swarmhub.yaml; to see the groups of the roster, type: swarmhub roster check",
        code: exitCode.usage,
      },
    );
};
