import { tellsGroups } from "../config/provider-groups.js";
import type { Config } from "../config/types.js";
import { peopleText } from "../roster/changes.js";
import type { Check, Finding } from "./check.js";

/** Who is in the groups that have settings, as far as it is known before a login. */
export const groups: Check = {
  name: "groups",
  run: async ({ cluster: { config } }) => groupFindings(config),
};

const groupFindings = ({ login, storage }: Config): Finding[] => {
  const quotas = storage.kind === "persistent" ? Object.keys(storage.quota.groups) : [];
  const names = [...new Set([...Object.keys(login.groupServers), ...quotas])].toSorted();
  return names.map((name): Finding => {
    const { length } = login.groups[name] ?? [];
    if (tellsGroups(login.method)) {
      const { claims = [] } = login.groupServers[name] ?? {};
      const others = `those whom ${serviceOf(login)} puts into ${(claims.length > 0 ? claims : [name]).join(" or ")}`;
      return {
        level: "ok",
        text: `in the group ${name}: ${length > 0 ? `${peopleText(length)}, and ` : ""}${others}`,
      };
    }
    if (length > 0) return { level: "ok", text: `in the group ${name}: ${peopleText(length)}` };
    return {
      level: "warning",
      text: `nobody is in the group ${name}, which has settings of its own`,
      hint: `write members into login.groups.${name} or into a column of the roster, then type \`swarmhub up\``,
    };
  });
};

const serviceOf = ({ method }: Config["login"]): string =>
  "service" in method ? method.service : "the provider";
