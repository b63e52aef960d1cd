import { shown } from "../../errors.js";
import { quota } from "../schema.js";
import { isMapping, valueAt } from "../schema/fields.js";
import { expectation } from "../values/reader.js";
import type { Finding, Path } from "../yaml/complaints.js";

/** Complaints about the groups of `login` and the quotas of `storage` that name them. */
export const groupFindings = (raw: unknown): Finding[] => {
  const groups = mappingAt(raw, ["login", "groups"]);
  const quotas = mappingAt(raw, ["storage", "quota"]).filter(([name]) => name !== "default");
  const groupNames = groups.map(([name]) => name);
  // The groups of a roster are known when it is read (src/roster/people.ts).
  const hasRoster = (valueAt(raw, ["login", "roster"]) ?? undefined) !== undefined;
  const missing = quotas.filter(([name]) => !hasRoster && !groupNames.includes(name));
  return [
    ...groups.flatMap(([name]) => invalidName(name)),
    ...missing.map(([name]) => ({
      path: ["storage", "quota", name],
      text: `is for a group that "login.groups" does not have; write login: {groups: {${isName(name) ? name : "staff"}: [ada]}} or delete the line`,
      atKey: true,
    })),
    ...differentQuotas(
      groups,
      new Map(quotas.map(([name, size]) => [name, quota.safeParse(size).data])),
    ),
  ];
};

/** The paths of the lists of users. */
export const groupPaths = (raw: unknown): Path[] =>
  mappingAt(raw, ["login", "groups"]).map(([name]) => ["login", "groups", name]);

const mappingAt = (raw: unknown, path: Path): [string, unknown][] => {
  const value = valueAt(raw, path);
  return isMapping(value) ? Object.entries(value) : [];
};

const isName = (text: string): boolean => /^(?!default$)[a-z][a-z0-9-]{0,39}$/.test(text);

const invalidName = (name: string): Finding[] => {
  if (isName(name)) return [];
  const why =
    name === "default"
      ? "in storage.quota it means everyone"
      : "1 to 40 of a-z, 0-9 and hyphens, with a letter first";
  const text = `is not a group name: ${expectation({ what: "a name", example: "staff" })} (${why})`;
  return [{ path: ["login", "groups", name], text, atKey: true }];
};

/** A user in two groups whose quotas differ would have either. */
const differentQuotas = (
  groups: readonly [string, unknown][],
  quotas: ReadonlyMap<string, number | undefined>,
): Finding[] => {
  const firstGroups = new Map<string, string>();
  return groups.flatMap(([group, users]) => {
    if (quotas.get(group) === undefined || !Array.isArray(users)) return [];
    return users.flatMap((user: unknown, index): Finding[] => {
      if (typeof user !== "string") return [];
      const other = firstGroups.get(user) ?? group;
      firstGroups.set(user, other);
      if (quotas.get(other) === quotas.get(group)) return [];
      const text = `is ${shown(user)}, who is also in ${other}, and the two groups have different quotas; delete one of the two`;
      return [{ path: ["login", "groups", group, index], text }];
    });
  });
};
