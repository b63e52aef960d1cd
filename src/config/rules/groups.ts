import { shown } from "../../errors.js";
import { quota } from "../schema.js";
import { isMapping, valueAt } from "../schema/fields.js";
import type { Finding, Path } from "../yaml/complaints.js";

/** What is wrong with the groups of `login` and the quotas of `storage` that name them. */
export const groupFindings = (raw: unknown): Finding[] => {
  const groups = mappingAt(raw, ["login", "groups"]);
  const quotas = mappingAt(raw, ["storage", "quota"]).filter(([name]) => name !== "default");
  const known = groups.map(([name]) => name);
  const missing = quotas.filter(([name]) => !known.includes(name));
  return [
    ...groups.flatMap(([name]) => unnamable(name)),
    ...missing.map(([name]) => ({
      path: ["storage", "quota", name],
      text: `names a group that login.groups does not have; write login: {groups: {${isName(name) ? name : "staff"}: [ada]}} or delete the line`,
      atKey: true,
    })),
    ...twoQuotas(groups, new Map(quotas.map(([name, size]) => [name, quota.safeParse(size).data]))),
  ];
};

/** Where the lists of users stand. */
export const groupPaths = (raw: unknown): Path[] =>
  mappingAt(raw, ["login", "groups"]).map(([name]) => ["login", "groups", name]);

const mappingAt = (raw: unknown, path: Path): [string, unknown][] => {
  const value = valueAt(raw, path);
  return isMapping(value) ? Object.entries(value) : [];
};

const isName = (text: string): boolean => /^(?!default$)[a-z][a-z0-9-]{0,39}$/.test(text);

const unnamable = (name: string): Finding[] => {
  if (isName(name)) return [];
  const why =
    name === "default"
      ? "stands for everyone in storage.quota"
      : "has other than 1 to 40 of a-z, 0-9 and hyphens, or begins with none of a-z";
  const text = `cannot be: the name ${shown(name)} ${why}; write for example staff`;
  return [{ path: ["login", "groups", name], text, atKey: true }];
};

/** Who is in two groups would have the quota of either. */
const twoQuotas = (
  groups: readonly [string, unknown][],
  quotas: ReadonlyMap<string, number | undefined>,
): Finding[] => {
  const first = new Map<string, string>();
  return groups.flatMap(([group, users]) => {
    if (quotas.get(group) === undefined || !Array.isArray(users)) return [];
    return users.flatMap((user: unknown, index): Finding[] => {
      if (typeof user !== "string") return [];
      const other = first.get(user) ?? group;
      first.set(user, other);
      if (quotas.get(other) === quotas.get(group)) return [];
      const text = `is ${shown(user)}, who is in ${other} too, and the two have different quotas; delete one of the two`;
      return [{ path: ["login", "groups", group, index], text }];
    });
  });
};
