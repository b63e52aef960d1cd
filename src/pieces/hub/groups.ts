import type { HubGroup } from "../../../contracts/hub-servers.js";
import { tellsGroups } from "../../config/provider-groups.js";
import type { Config } from "../../config/types.js";
import { membersOutsideRoster } from "../../roster/people.js";

/** The groups of `hub.json`: all that have a setting, or whose members may come in. A change of the roster does not change them. */
export const hubGroups = (want: Config): HubGroup[] => {
  const { login, storage } = want;
  const quotas = storage.kind === "persistent" ? Object.keys(storage.quota.groups) : [];
  const allowed = typeof login.allow === "object" ? login.allow.groups : [];
  const listed = allowed.filter((name) => Object.hasOwn(login.groups, name));
  const names = new Set([...Object.keys(login.groupServers), ...quotas, ...listed]);
  return [...names].map((name) => {
    const { memory, cpu, images = [], claims = [] } = login.groupServers[name] ?? {};
    // The quotas of members are in limits.json: a change of theirs does not restart the hub.
    const hasMembers = Object.hasOwn(login.groupServers, name) || listed.includes(name);
    return {
      name,
      members: hasMembers ? membersOutsideRoster(want, name) : [],
      claims: tellsGroups(login.method) ? (claims.length > 0 ? claims : [name]) : [],
      memory: memory ?? null,
      cpu: cpu ?? null,
      images,
    };
  });
};
