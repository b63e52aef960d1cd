import { resolve } from "node:path";
import type * as z from "zod";
import type { ProviderMethod } from "../types.js";
import { domainFrom, lineFrom, pathFrom } from "../values/names.js";
import {
  claimFrom,
  clientFrom,
  entityIdFrom,
  organizationFrom,
  providerAddressFrom,
  teamsFrom,
} from "../values/provider.js";
import { fromFolder, outsideSecretFrom } from "../values/secret-source.js";
import { leaf, list, section } from "./fields.js";

const registration = {
  client: leaf(clientFrom),
  secret: leaf(outsideSecretFrom("from-env NAME or from-file PATH", "from-env GH_SECRET")),
};

const domains = list(
  { what: "a list of domain names", example: "[example.edu]" },
  leaf(domainFrom),
).default([]);

const oidc = section(
  {
    issuer: leaf(
      providerAddressFrom("the issuer of the provider", "https://id.example.edu/realms/uni"),
    ),
    ...registration,
    name: leaf(lineFrom("the name of the provider", "Example University", 60)).exactOptional(),
    username: leaf(claimFrom("preferred_username")).default("preferred_username"),
    groups: leaf(claimFrom("groups")).exactOptional(),
    ca: leaf(
      pathFrom("a file with the root certificate of the provider", "./ca.pem"),
    ).exactOptional(),
  },
  "{issuer: https://id.example.edu, client: hub, secret: from-env OIDC_SECRET}",
);

const github = section(
  {
    ...registration,
    organizations: list(
      { what: "a list of organizations", example: "[geo-101]" },
      leaf(organizationFrom),
    ).default([]),
    url: leaf(
      providerAddressFrom(
        "the address of a GitHub Enterprise Server",
        "https://github.example.edu",
      ),
    ).default("https://github.com"),
    groups: leaf(teamsFrom).exactOptional(),
    ca: leaf(
      pathFrom("a file with the root certificate of that server", "./ca.pem"),
    ).exactOptional(),
  },
  "{client: Iv1.abc, secret: from-env GH_SECRET, organizations: [geo-101]}",
);

const google = section(
  { ...registration, domains },
  "{client: …, secret: from-env GOOGLE_SECRET, domains: [example.edu]}",
);

const globus = section(
  { ...registration, domains },
  "{client: …, secret: from-env GLOBUS_SECRET, domains: [example.edu]}",
);

const cilogon = section(
  {
    ...registration,
    "identity-providers": list(
      { what: "a list of entity IDs", example: "[https://idp.example.edu/shibboleth]" },
      leaf(entityIdFrom),
    ).default([]),
    domains,
    groups: leaf(claimFrom("affiliation")).exactOptional(),
  },
  "{client: …, secret: from-env CILOGON_SECRET, identity-providers: [https://idp.example.edu/shibboleth]}",
);

/** The methods of `login` at an identity provider, where users have an account already. */
export const providers = {
  oidc: oidc.exactOptional(),
  github: github.exactOptional(),
  google: google.exactOptional(),
  globus: globus.exactOptional(),
  cilogon: cilogon.exactOptional(),
};

type Providers = Partial<{ [Kind in keyof typeof providers]: z.output<(typeof providers)[Kind]> }>;

/** The provider that the file has; undefined where it has none. Relative paths start at the folder of swarmhub.yaml. */
export const providerOf = (login: Providers, folder: string): ProviderMethod | undefined => {
  const { oidc: own, github: hub, google: mail, globus: science, cilogon: federation } = login;
  if (own !== undefined)
    return {
      ...common(own, folder),
      kind: "oidc",
      issuer: own.issuer,
      service: own.name ?? new URL(own.issuer).host,
      username: own.username,
    };
  if (hub !== undefined)
    return {
      ...common(hub, folder),
      kind: "github",
      issuer: hub.url.replace(/\/+$/, ""),
      service: "GitHub",
      username: "login",
      organizations: hub.organizations,
    };
  if (mail !== undefined)
    return {
      ...common(mail, folder),
      kind: "google",
      issuer: "https://accounts.google.com",
      service: "Google",
      username: "email",
      domains: mail.domains,
    };
  if (science !== undefined)
    return {
      ...common(science, folder),
      kind: "globus",
      issuer: "https://auth.globus.org",
      service: "Globus",
      username: "preferred_username",
      domains: science.domains,
    };
  if (federation === undefined) return undefined;
  return {
    ...common(federation, folder),
    kind: "cilogon",
    issuer: "https://cilogon.org",
    service: "CILogon",
    username: "eppn",
    domains: federation.domains,
    identityProviders: federation["identity-providers"],
  };
};

type Registration = {
  client: string;
  secret: ProviderMethod["secret"];
  ca?: string;
  groups?: string;
};

const common = ({ client, secret, ca, groups }: Registration, folder: string) => ({
  client,
  secret: fromFolder(secret, folder),
  ...(ca !== undefined && { ca: resolve(folder, ca) }),
  ...(groups !== undefined && { groups }),
  domains: [],
  organizations: [],
  identityProviders: [],
});
