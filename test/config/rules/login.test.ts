import test from "ava";
import { complaintsOf, classWith, refused } from "../support/complaints.js";

const registered = "client: c1, secret: from-env S";
const open = (what: string): string =>
  `lets everybody in who has an account there; write who may come in, for example ${what}, or allow: everyone in login`;

test(
  refused,
  `login: {github: {${registered}}}`,
  `4:9  "login.github" ${open("organizations: [geo-101]")}`,
);
test(
  refused,
  `login: {google: {${registered}}}`,
  `4:9  "login.google" ${open("domains: [example.edu]")}`,
);
test(
  refused,
  `login: {globus: {${registered}}}`,
  `4:9  "login.globus" ${open("domains: [example.edu]")}`,
);
test(
  refused,
  `login: {cilogon: {${registered}}}`,
  `4:9  "login.cilogon" ${open("identity-providers: [https://idp.example.edu/shibboleth]")}`,
);
for (const issuer of [
  "https://orcid.org",
  "https://accounts.google.com",
  "https://gitlab.com",
  "https://login.microsoftonline.com/common/v2.0",
])
  test(
    refused,
    `login: {oidc: {issuer: "${issuer}", ${registered}}}`,
    `4:9  "login.oidc" ${open("roster: ./students.csv beside it")}`,
  );

test("a rule of its own, or one for all methods, lets a public provider pass", (t) => {
  for (const login of [
    `{github: {${registered}, organizations: [geo-101]}}`,
    `{github: {${registered}}, allow: everyone}`,
    `{globus: {${registered}}, allow: {groups: [staff]}, roster: ./a.csv}`,
    `{cilogon: {${registered}, domains: [example.edu]}}`,
    `{oidc: {issuer: "https://id.example.edu", ${registered}}}`,
    `{oidc: {issuer: "https://login.microsoftonline.com/8eaef023-2b34-4da1-9baa-8bc8c9d6a490/v2.0", ${registered}}}`,
  ])
    t.deepEqual(complaintsOf(classWith(`login: ${login}`)), [], login);
});

test(
  refused,
  `login: {shared-password: generated, github: {${registered}, organizations: [a]}}`,
  `4:37  "login.github" conflicts with "shared-password": users log in in one way; delete one of the two`,
);
test(
  refused,
  `login: {github: {${registered}, organizations: []}}`,
  '4:65  "login.github.organizations" is an empty list; write who may come in into it or delete the line',
);
test(
  refused,
  "login: {allow: {groups: []}, oidc: {issuer: 'https://id.example.edu', client: c, secret: from-env S}}",
  '4:25  "login.allow.groups" is an empty list; write who may come in into it or delete the line',
);
test(
  refused,
  `login: {google: {${registered}, domains: [example.edu]}}\ntls: off`,
  `5:6  "tls" needs HTTPS for "google", as logins would be readable on their way; write for example tls: self-signed, or domain and off: {trusted-proxies: [10.0.0.5]}`,
);

test("a secret is not written into the file, and an issuer is its address alone", (t) => {
  const [literal = ""] = complaintsOf(
    classWith("login: {github: {client: c, secret: hunter22, organizations: [a]}}"),
  );
  t.true(literal.includes("a password does not belong in this file"));
  t.false(literal.includes("hunter22"));
  for (const issuer of [
    "http://id.example.edu",
    "id.example.edu",
    "https://id.example.edu/.well-known/openid-configuration",
    "https://u:p@id.example.edu",
    "https://id.example.edu/?a=b",
    "https://id.example.edu#",
  ])
    t.regex(
      complaintsOf(classWith(`login: {oidc: {issuer: "${issuer}", ${registered}}}`)).join("\n"),
      /"login\.oidc\.issuer" is .*: expected the issuer of the provider/,
      issuer,
    );
});

test("the groups of the configuration may say who comes in, whatever the method of login", (t) => {
  const allow = "allow: {groups: [staff]}, groups: {staff: [ada]}";
  t.deepEqual(complaintsOf(classWith(`login: {github: {${registered}}, ${allow}}`)), []);
  t.deepEqual(complaintsOf(classWith(`login: {${allow}}`)), []);
});

test(
  refused,
  `login: {github: {${registered}}, allow: {groups: [staff]}}`,
  '4:67  "login.allow.groups" needs a roster, as github does not tell groups; write for example roster: {file: ./students.csv, group: Group} in login',
);
