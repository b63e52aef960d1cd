import { hub } from "../campus/steps.js";
import type { OidcServer } from "./oidc-server.js";

/** The class as the provider knows it. */
export const client = {
  id: "class-client",
  secret: "class-secret",
  callback: `${hub}/hub/oauth_callback`,
};

/** What hub.json has for a class whose members are a group of the provider, with changes. */
export const settingsFor = (provider: OidcServer, changes: Record<string, unknown> = {}) => ({
  loginMethod: {
    kind: "oidc",
    issuer: provider.issuer,
    service: "Example University",
    client: client.id,
    username: "preferred_username",
    groups: "groups",
    domains: [],
    organizations: [],
    identityProviders: [],
  },
  publicUrl: hub,
  admins: ["prof"],
  allowedGroups: ["geo-101"],
  ...changes,
});
