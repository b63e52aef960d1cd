import type { SecretSource } from "./secret-source.js";

/** What a program of others may do; `hub/swarmhub/services/outside_options.py` has the same words. */
export const programMay = ["start", "stop", "users"] as const;

/** A program of others with a token of the hub, such as a science gateway; with `group` it reaches only that group's users. */
export type OutsideService = {
  name: string;
  token: SecretSource;
  group?: string;
  may: (typeof programMay)[number][];
};

/** The secret with the token of a program, by its name. */
export const programSecret = (name: string): string => `login-service-${name}`;

/** The names of the hub's own services (hub/jupyterhub_config.py). */
export const hubServices = ["idle-culler", "operator", "room", "sweeper"];
