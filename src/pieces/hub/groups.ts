import type { HubGroup } from "../../../contracts/hub-servers.js";
import { tellsGroups } from "../../config/provider-groups.js";
import type { Config } from "../../config/types.js";
import { membersOutsideRoster } from "../../roster/people.js";

/**
 * The groups of `hub.json`: all that have a setting, whose members may come in, whose members only the configuration names, or that the
 * provider may tell. Those of the roster are in its own file.
 */
export const hubGroups = (want: Config): HubGroup[] => {
  const { login, storage } = want;
  const quotas = storage.kind === "persistent" ? Object.keys(storage.quota.groups) : [];
  const allowed = typeof login.allow === "object" ? login.allow.groups : [];
  const listed = allowed.filter((name) => Object.hasOwn(login.groups, name));
  const isTold = tellsGroups(login.method);
  const own = Object.keys(login.groups).filter(
    (name) => isTold || membersOutsideRoster(want, name).length > 0,
  );
  const names = new Set([...Object.keys(login.groupServers), ...quotas, ...listed, ...own]);
  return [...names].map((name) => {
    const { memory, cpu, images = [], claims = [] } = login.groupServers[name] ?? {};
    return {
      name,
      members: membersOutsideRoster(want, name),
      claims: isTold ? (claims.length > 0 ? claims : [name]) : [],
      memory: memory ?? null,
      cpu: cpu ?? null,
      images,
    };
  });
};
