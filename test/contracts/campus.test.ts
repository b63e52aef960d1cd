import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import test from "ava";
import type { HubCampusMethod } from "../../contracts/hub-settings.js";
import type { CampusMethod } from "../../src/config/campus.js";
import { hubCampusMethod } from "../../src/pieces/hub/campus.js";

const path = "test/fixtures/contracts/campus-methods.json";

const methods: CampusMethod[] = [
  {
    kind: "cas",
    service: "Uni X",
    url: "https://login.example.edu/cas",
    groups: "memberOf",
    ca: "/ca.pem",
  },
  {
    kind: "ldap",
    service: "Uni X",
    url: "ldaps://ldap.example.edu",
    base: "ou=people,dc=example,dc=edu",
    attribute: "uid",
    reader: "cn=reader,dc=example,dc=edu",
    password: { kind: "env", name: "LDAP_PASSWORD" },
    groups: { "geo-101": "cn=geo-101,dc=example,dc=edu" },
    ca: "/ca.pem",
  },
  {
    kind: "lti",
    service: "Moodle",
    issuer: "https://moodle.example.edu",
    client: "c1",
    deployments: ["4"],
    authorize: "https://moodle.example.edu/mod/lti/auth.php",
    keys: "https://moodle.example.edu/mod/lti/certs.php",
  },
];

// What the hub reads, for hub/tests/login/campus/test_options.py; see fixtures.test.ts.
test("hub.json has all of a method at the server of a university but its secret and its certificate", (t) => {
  const written: HubCampusMethod[] = methods.map(hubCampusMethod);
  const content = `${JSON.stringify(written, null, 2)}\n`;
  t.false(/ca\.pem|LDAP_PASSWORD/.test(content));
  t.deepEqual(hubCampusMethod({ kind: "cas", service: "x", url: "https://x" }), {
    kind: "cas",
    service: "x",
    url: "https://x",
    groups: null,
  });
  if (content === readOrEmpty()) return;
  mkdirSync("test/fixtures/contracts", { recursive: true });
  writeFileSync(path, content);
  t.fail(`${path} was out of date and is written anew: run pytest on hub/tests and commit it`);
});

const readOrEmpty = (): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};
