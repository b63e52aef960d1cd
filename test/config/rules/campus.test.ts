import test from "ava";
import { complaintsOf, classWith, refused } from "../support/complaints.js";

const ids = 'client: c1, deployments: ["4"]';

test("one server of a university, with all that it needs, is accepted", (t) => {
  for (const yaml of [
    'ldap: {url: ldaps://x, base: "dc=x"}',
    'ldap: {url: ldaps://x, base: "dc=x", reader: "cn=r", password: from-env P}',
    `lti: {moodle: https://m.example, ${ids}}`,
    "cas: {url: https://c.example}, roster: ./students.csv",
  ])
    t.deepEqual(
      complaintsOf(classWith(`login: {${yaml}}`)).filter((text) => !text.includes("roster")),
      [],
      yaml,
    );
});

test(
  refused,
  'login: {cas: {url: https://c.example}, ldap: {url: ldaps://x, base: "dc=x"}}',
  '4:40  "login.ldap" conflicts with "cas": users log in in one way; delete one of the two',
);
test(
  refused,
  'login: {ldap: {url: ldaps://x, base: "dc=x", reader: "cn=r"}}',
  '4:46  "login.ldap.reader" needs a password; write for example password: from-env LDAP_PASSWORD beside it',
);
test(
  refused,
  'login: {ldap: {url: ldaps://x, base: "dc=x", password: from-env P}}',
  '4:46  "login.ldap.password" needs a reader; write for example reader: cn=reader,dc=example,dc=edu beside it',
);
test(
  refused,
  `login: {lti: {${ids}}}`,
  '4:14  "login.lti" needs a platform; write for example moodle: https://moodle.example.edu',
);
test(
  refused,
  `login: {lti: {moodle: https://m.example, canvas: https://c.example, ${ids}}}`,
  '4:42  "login.lti.canvas" conflicts with "moodle": a class belongs to one platform; delete one of the two',
);
test(
  refused,
  `login: {lti: {moodle: https://m.example, keys-url: https://m.example/k, ${ids}}}`,
  '4:42  "login.lti.keys-url" is known for moodle; delete the line',
);
test(
  refused,
  `login: {lti: {issuer: https://l.example, keys-url: https://l.example/k, ${ids}}}`,
  '4:15  "login.lti.issuer" needs login-url and keys-url beside it, which the platform shows with its client ID',
);
test(
  refused,
  "login: {lti: {moodle: https://m.example, client: c1, deployments: []}}",
  '4:67  "login.lti.deployments" is an empty list; write the deployment ID that the platform shows for the tool',
);
test(
  refused,
  "tls: off\nlogin: {cas: {url: https://c.example}}",
  '4:6  "tls" needs HTTPS for "cas", as logins would be readable on their way; write for example tls: self-signed, or domain and off: {trusted-proxies: [10.0.0.5]}',
);
