import type { HubWarmStart } from "../../../contracts/hub-warm.js";
import type { Config } from "../../config/types.js";
import { membersOutsideRoster } from "../../roster/people.js";

/** `warm` of `hub.json`. The hub reads the roster itself, so that a change of the roster does not restart it. */
export const hubWarm = (want: Config): HubWarmStart[] =>
  (want.servers.warm ?? []).map(({ group, ...start }) => ({
    ...start,
    group: group ?? null,
    members: group === undefined ? [] : membersOutsideRoster(want, group),
  }));
