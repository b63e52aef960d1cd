import type { RosterPerson } from "../../contracts/roster.js";
import type { Person } from "../config/types.js";
import { plural, printable } from "../text/format.js";
import { cut } from "../text/width.js";

/** What the roster on the manager lacks. */
export type Changes = {
  added: Person[];
  removed: RosterPerson[];
  /** Those on both whose groups or name for people differ, in words. */
  changed: { name: string; text: string }[];
  /** Everybody who gets a password now. */
  withoutPassword: Person[];
};

/** Compares the roster on the manager with the wanted people; `reset` are those who get a new password. */
export const changesBetween = (
  present: readonly RosterPerson[],
  wanted: readonly Person[],
  { hasPasswords, reset = new Set() }: { hasPasswords: boolean; reset?: ReadonlySet<string> },
): Changes => {
  const before = new Map(present.map((person) => [person.name, person]));
  const names = new Set(wanted.map(({ name }) => name));
  const isWithout = ({ name }: Person): boolean =>
    hasPasswords && (reset.has(name) || (before.get(name)?.password ?? null) === null);
  return {
    added: wanted.filter(({ name }) => !before.has(name)),
    removed: present.filter(({ name }) => !names.has(name)),
    changed: wanted.flatMap((person) => {
      const text = difference(before.get(person.name), person);
      return text === undefined ? [] : [{ name: person.name, text }];
    }),
    withoutPassword: wanted.filter(isWithout),
  };
};

/** The roster with these people: each keeps the password's hash, unless `hashes` has a new one. */
export const rosterWith = (
  present: readonly RosterPerson[],
  wanted: readonly Person[],
  { hasPasswords, hashes }: { hasPasswords: boolean; hashes: ReadonlyMap<string, string> },
): RosterPerson[] => {
  const before = new Map(present.map(({ name, password }) => [name, password]));
  return wanted.map(({ name, shown, groups }) => ({
    name,
    shown,
    groups,
    password: hasPasswords ? (hashes.get(name) ?? before.get(name) ?? null) : null,
  }));
};

const mostLines = 100;

/** A line for each person; `isRunning` tells whose server runs. */
export const changeLines = (
  { added, removed, changed, withoutPassword }: Changes,
  isRunning: (name: string) => boolean,
): string[] => {
  const news = new Set([...added, ...changed].map(({ name }) => name));
  const lines = [
    ...added.map((person) => `add ${described(person)}${groupsText(person.groups)}`),
    ...removed.map((person) => {
      const server = isRunning(person.name) ? ", whose server is running" : "";
      return `remove ${described(person)}${server}; the home stays`;
    }),
    ...changed.map(({ name, text }) => `change ${shortened(name)}: ${text}`),
    ...withoutPassword
      .filter(({ name }) => !news.has(name))
      .map((person) => `make a new password for ${described(person)}`),
  ];
  const more = lines.length - mostLines;
  return more > 0 ? [...lines.slice(0, mostLines), `and ${more} more`] : lines;
};

/** "2 added, 1 removed". */
export const changesText = ({ added, removed, changed, withoutPassword }: Changes): string =>
  [
    ...(added.length > 0 ? [`${added.length} added`] : []),
    ...(removed.length > 0 ? [`${removed.length} removed`] : []),
    ...(changed.length > 0 ? [`${changed.length} changed`] : []),
    ...(withoutPassword.length > 0 ? [plural(withoutPassword.length, "new password")] : []),
  ].join(", ");

/** "1 person", "30 people". */
export const peopleText = (number: number): string =>
  number === 1 ? "1 person" : `${number} people`;

/** "ada (Ada Lovelace)", safe for a terminal. */
export const described = ({ name, shown }: Pick<Person, "name" | "shown">): string =>
  shown === "" || shown === name ? shortened(name) : `${shortened(name)} (${shortened(shown)})`;

const shortened = (text: string): string => cut(printable(text), 60);

const groupsText = (groups: readonly string[]): string =>
  groups.length === 0 ? "" : `, in ${groups.join(", ")}`;

const difference = (before: RosterPerson | undefined, now: Person): string | undefined => {
  if (before === undefined) return undefined;
  const [old, groups] = [before.groups, now.groups].map((each) => each.join(", ") || "none");
  const texts = [
    ...(old === groups ? [] : [`groups ${old} → ${groups}`]),
    ...(before.shown === now.shown ? [] : [`${shortened(before.shown)} → ${shortened(now.shown)}`]),
  ];
  return texts.length === 0 ? undefined : texts.join("; ");
};
