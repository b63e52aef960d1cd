import test from "ava";
import { entranceOf, registrationOf } from "../../../src/config/campus.js";
import { configFrom } from "../../../src/config/load.js";
import { loginFilesOf } from "../../../src/config/types.js";
import { classWith, refused } from "../support/complaints.js";

const configWith = (yaml: string) =>
  configFrom(classWith(`login: ${yaml}`), "/class/swarmhub.yaml");

const base = "ou=people,dc=example,dc=edu";
const canvas = "https://sso.canvaslms.com/api/lti";

const forms: [string, object][] = [
  [
    "{cas: {url: https://login.example.edu/cas/}}",
    { kind: "cas", url: "https://login.example.edu/cas", service: "login.example.edu" },
  ],
  [
    "{cas: {url: https://login.example.edu, name: Uni X, groups: memberOf, ca: ./ca.pem}}",
    {
      kind: "cas",
      url: "https://login.example.edu",
      service: "Uni X",
      groups: "memberOf",
      ca: "/class/ca.pem",
    },
  ],
  [
    `{ldap: {url: ldaps://ldap.example.edu, base: "${base}"}}`,
    {
      kind: "ldap",
      url: "ldaps://ldap.example.edu",
      service: "ldap.example.edu",
      base,
      attribute: "uid",
      groups: {},
    },
  ],
  [
    `{ldap: {url: "ldap://10.0.0.1:3389", base: "${base}", attribute: sAMAccountName, reader: "cn=r,dc=x", password: from-file p.txt, groups: {geo: "cn=geo,dc=x"}, name: Uni X}}`,
    {
      kind: "ldap",
      url: "ldap://10.0.0.1:3389",
      service: "Uni X",
      base,
      attribute: "sAMAccountName",
      reader: "cn=r,dc=x",
      password: { kind: "file", path: "/class/p.txt" },
      groups: { geo: "cn=geo,dc=x" },
    },
  ],
  [
    "{lti: {moodle: https://moodle.example.edu/, client: c1, deployments: [4]}}",
    {
      kind: "lti",
      issuer: "https://moodle.example.edu",
      authorize: "https://moodle.example.edu/mod/lti/auth.php",
      keys: "https://moodle.example.edu/mod/lti/certs.php",
      client: "c1",
      deployments: ["4"],
      service: "moodle.example.edu",
    },
  ],
  [
    '{lti: {canvas: https://canvas.example.edu, client: "10", deployments: ["42:8865aa"], name: Canvas}}',
    {
      kind: "lti",
      issuer: "https://canvas.instructure.com",
      authorize: `${canvas}/authorize_redirect`,
      keys: `${canvas}/security/jwks`,
      client: "10",
      deployments: ["42:8865aa"],
      service: "Canvas",
    },
  ],
  [
    '{lti: {issuer: https://lms.example.edu, login-url: https://lms.example.edu/a, keys-url: https://lms.example.edu/k, client: c1, deployments: ["4"]}}',
    {
      kind: "lti",
      issuer: "https://lms.example.edu",
      authorize: "https://lms.example.edu/a",
      keys: "https://lms.example.edu/k",
      client: "c1",
      deployments: ["4"],
      service: "lms.example.edu",
    },
  ],
];

for (const [yaml, expected] of forms)
  test(`login: ${yaml} is a method of login`, (t) => {
    t.deepEqual(configWith(yaml).login.method as object, expected);
  });

test("the manager keeps the password of the reader and the root certificate for the hub", (t) => {
  t.deepEqual(loginFilesOf(configWith(forms[3]?.[0] ?? "")), {
    "login-password": { kind: "file", path: "/class/p.txt" },
  });
  t.deepEqual(loginFilesOf(configWith(forms[1]?.[0] ?? "")), {
    "login-ca": { kind: "file", path: "/class/ca.pem" },
  });
});

test("people read what to register, and where users log in", (t) => {
  const [, cas, ldap, , lti] = forms.map(([yaml]) => configWith(yaml).login.method);
  const url = "https://geo.example.org";
  if (cas?.kind !== "cas" || ldap?.kind !== "ldap" || lti?.kind !== "lti") return t.fail();
  t.deepEqual(
    [...registrationOf(cas, url), entranceOf(cas, url)],
    [
      "register this service at Uni X: https://geo.example.org/hub/cas",
      "open https://geo.example.org, and log in with an account at Uni X",
    ],
  );
  t.deepEqual(registrationOf(ldap, url), []);
  t.deepEqual(
    [...registrationOf(lti, url), entranceOf(lti, url)],
    [
      "register this tool at moodle.example.edu: https://geo.example.org/hub",
      "  initiate login: https://geo.example.org/hub/lti13/oauth_login",
      "  redirect URI:   https://geo.example.org/hub/lti13/oauth_callback",
      "open the class from a course in moodle.example.edu, in a new window",
    ],
  );
});

const casAddress = "expected the address of a CAS server such as https://login.example.edu/cas";
test(
  refused,
  "login: {cas: {url: http://login.example.edu}}",
  `4:20  "login.cas.url" is "http://login.example.edu": ${casAddress} (passwords and tokens need https://)`,
);
test(
  refused,
  "login: {cas: {url: https://login.example.edu/cas/login}}",
  `4:20  "login.cas.url" is "https://login.example.edu/cas/login": ${casAddress} (without /login, which is a page of it)`,
);
for (const url of ["https://ldap.example.edu", "ldap://x/dc=example", "ldap://", "ldap://x:0"])
  test(`an LDAP directory is not at ${url}`, (t) => {
    const yaml = `{ldap: {url: "${url}", base: "dc=x"}}`;
    t.throws(() => configWith(yaml), { message: /"login.ldap.url" is .*expected the address/ });
  });
test(
  refused,
  'login: {ldap: {url: ldaps://x, base: "dc=x", reader: "cn=r", password: hunter22}}',
  '4:72  "login.ldap.password" is invalid: expected from-env NAME or from-file PATH such as from-env LDAP_PASSWORD (a password does not belong in this file, which is copied, mailed and committed)',
);
test(
  refused,
  "login: {ldap: {url: ldaps://x, base: people}}",
  '4:38  "login.ldap.base" is "people": expected the DN below which the people are such as ou=people,dc=example,dc=edu',
);
