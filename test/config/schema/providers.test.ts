import test from "ava";
import { configFrom } from "../../../src/config/load.js";
import { type ProviderMethod, loginFilesOf } from "../../../src/config/types.js";
import { classWith } from "../support/complaints.js";

const configWith = (yaml: string) =>
  configFrom(classWith(`login: ${yaml}`), "/class/swarmhub.yaml");

const registered = {
  client: "c1",
  secret: { kind: "env", name: "S" },
  domains: [],
  organizations: [],
  identityProviders: [],
} as const;

const forms: [string, unknown][] = [
  [
    "{oidc: {issuer: 'https://id.example.edu/realms/uni', client: c1, secret: from-env S}}",
    {
      ...registered,
      kind: "oidc",
      issuer: "https://id.example.edu/realms/uni",
      service: "id.example.edu",
      username: "preferred_username",
    },
  ],
  [
    "{oidc: {issuer: 'https://id.example.edu/', client: c1, secret: from-file s.txt, name: Uni X, username: sub, groups: roles, ca: ./ca.pem}}",
    {
      ...registered,
      kind: "oidc",
      secret: { kind: "file", path: "/class/s.txt" },
      ca: "/class/ca.pem",
      issuer: "https://id.example.edu/",
      service: "Uni X",
      username: "sub",
      groups: "roles",
    },
  ],
  [
    "{github: {client: c1, secret: from-env S, organizations: [geo-101, 'uni:staff']}}",
    {
      ...registered,
      kind: "github",
      issuer: "https://github.com",
      service: "GitHub",
      username: "login",
      organizations: ["geo-101", "uni:staff"],
    },
  ],
  [
    "{google: {client: c1, secret: from-env S, domains: [example.edu]}}",
    {
      ...registered,
      kind: "google",
      issuer: "https://accounts.google.com",
      service: "Google",
      username: "email",
      domains: ["example.edu"],
    },
  ],
  [
    "{globus: {client: c1, secret: from-env S, domains: [example.edu]}}",
    {
      ...registered,
      kind: "globus",
      issuer: "https://auth.globus.org",
      service: "Globus",
      username: "preferred_username",
      domains: ["example.edu"],
    },
  ],
  [
    "{cilogon: {client: c1, secret: from-env S, identity-providers: ['https://idp.example.edu/shibboleth']}}",
    {
      ...registered,
      kind: "cilogon",
      issuer: "https://cilogon.org",
      service: "CILogon",
      username: "eppn",
      identityProviders: ["https://idp.example.edu/shibboleth"],
    },
  ],
];

for (const [yaml, expected] of forms)
  test(`login: ${yaml} is accepted`, (t) => {
    t.deepEqual(configWith(yaml).login.method as unknown, expected as ProviderMethod);
  });

test("the rule on who may come in is everyone or members of groups", (t) => {
  t.is(configWith("{allow: everyone}").login.allow, "everyone");
  t.deepEqual(configWith("{allow: {groups: [geo-101]}}").login.allow, { groups: ["geo-101"] });
  t.is(configWith("{}").login.allow, undefined);
});

test("the manager keeps the secret and the root certificate of a provider for the hub", (t) => {
  t.deepEqual(loginFilesOf(configWith(forms[1]?.[0] ?? "")), {
    "login-secret": { kind: "file", path: "/class/s.txt" },
    "login-ca": { kind: "file", path: "/class/ca.pem" },
  });
  t.deepEqual(loginFilesOf(configWith("{}")), {});
});
