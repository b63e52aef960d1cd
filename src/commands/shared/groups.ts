import type { Cluster } from "../../cluster/cluster.js";
import { tellsGroups } from "../../config/provider-groups.js";
import type { Config } from "../../config/types.js";
import { inspectGroups } from "../../swarm/group-members.js";
import { printable } from "../../text/format.js";

/**
 * The groups of the class with all members that are known. Where a provider tells groups, the hub adds those whom it has named at their
 * last login; a group that only the provider has is among them if it is `named` and has a member.
 */
export const groupsOf = async (
  cluster: Cluster,
  named: readonly string[] = [],
): Promise<Config["login"]["groups"]> => {
  const { login, storage } = cluster.config;
  const { groups, allow, method } = login;
  if (!tellsGroups(method)) return groups;
  const allowed = typeof allow === "object" ? allow.groups : [];
  const quotas = storage.kind === "persistent" ? Object.keys(storage.quota.groups) : [];
  const configured = [...Object.keys(groups), ...allowed, ...quotas];
  const names = [...new Set([...configured, ...named])];
  const found = await inspectGroups(cluster, names);
  const all = names.map((name): [string, string[]] => {
    const listed = Object.hasOwn(groups, name) ? groups[name] : [];
    return [name, [...new Set([...(listed ?? []), ...(found[name] ?? [])])]];
  });
  return Object.fromEntries(
    all.filter(([name, members]) => configured.includes(name) || members.length > 0),
  );
};

/** What to do about a name that is none of these groups. */
export const groupHint = ({ method }: Config["login"], groups: readonly string[]): string => {
  const known = groups.length === 0 ? "" : `its groups are ${groups.join(", ")}`;
  if (!tellsGroups(method)) return known === "" ? "the class has no groups" : known;
  const service = "service" in method ? printable(method.service) : "the provider";
  const told = `group of ${service} is known from the first login of a member on, or with a line in swarmhub.yaml: login: {groups: {NAME: []}}`;
  return known === "" ? `a ${told}` : `${known}; another ${told}`;
};
