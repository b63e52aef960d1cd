import type { HubService } from "../../../contracts/hub-services.js";
import type { Config } from "../../config/types.js";

/** `services` of `hub.json`, without the tokens, which are among the secrets. */
export const hubServicesOf = ({ login: { services, groups } }: Config): HubService[] =>
  services.map(({ name, group, may }) => ({
    name,
    group: group ?? null,
    members: group === undefined ? [] : (groups[group] ?? []),
    may,
  }));
