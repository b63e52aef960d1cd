import type { SecretSource } from "./secret-source.js";

/** An identity provider, where users have an account and the class is registered as a client. */
export type ProviderMethod = {
  kind: "oidc" | "github" | "google" | "globus" | "cilogon";
  /** Its address: the issuer of OpenID Connect, or a GitHub server. */
  issuer: string;
  /** Its name on the button and in sentences. */
  service: string;
  client: string;
  secret: SecretSource;
  /** A file with the root certificate of the provider's HTTPS. */
  ca?: string;
  /** The claim that names a user. */
  username: string;
  /** The claim with a user's groups; of GitHub "teams". */
  groups?: string;
  /** The domains of accounts that may come in; empty: all. Of a single one, names have no "@example.edu". */
  domains: string[];
  /** Who is a member of none of these organizations or teams ("org:team") may not come in; empty: no such rule. */
  organizations: string[];
  /** The entity IDs at CILogon from which users may come; empty: all. */
  identityProviders: string[];
};
