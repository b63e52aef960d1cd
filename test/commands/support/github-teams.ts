import type { LoginMethod } from "../../../src/config/types.js";

/** A login whose provider tells groups. */
export const githubTeams: LoginMethod = {
  kind: "github",
  issuer: "https://github.com",
  service: "GitHub",
  client: "client-1",
  secret: { kind: "env", name: "SECRET" },
  username: "login",
  groups: "teams",
  domains: [],
  organizations: [],
  identityProviders: [],
};
