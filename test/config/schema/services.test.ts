import test from "ava";
import { configFrom } from "../../../src/config/load.js";
import { loginFilesOf } from "../../../src/config/types.js";
import { hubServicesOf } from "../../../src/pieces/hub/services.js";
import { complaintsOf } from "../support/complaints.js";

const yaml = (services: string): string =>
  `name: geo-101\nmanager: local\nstorage: temporary\nlogin: {groups: {gw: [emil]}, services: ${services}}\n`;
const entry = (changes = "", may = "[start, stop, users]"): string =>
  `{name: gateway, token: from-env GW, may: ${may}${changes}}`;

test("programs of others reach the hub without their tokens, which are secrets of their own", (t) => {
  const config = configFrom(
    yaml(`[${entry(", group: gw")}, {name: portal, token: from-file portal.txt, may: [stop]}]`),
    "/srv/swarmhub.yaml",
  );
  t.deepEqual(hubServicesOf(config), [
    { name: "gateway", group: "gw", members: ["emil"], may: ["start", "stop", "users"] },
    { name: "portal", group: null, members: [], may: ["stop"] },
  ]);
  t.deepEqual(loginFilesOf(config), {
    "login-service-gateway": { kind: "env", name: "GW" },
    "login-service-portal": { kind: "file", path: "/srv/portal.txt" },
  });
  t.deepEqual(loginFilesOf(configFrom(yaml("[]"), "/srv/swarmhub.yaml")), {});
});

for (const [what, services, pattern] of [
  [
    "a word that is no permission",
    `[${entry("", "[start, delete]")}]`,
    /"may" of item 1 of "login\.services" is "delete": expected start, stop or users/,
  ],
  [
    "a program that may do nothing",
    `[${entry("", "[]")}]`,
    /"may" of item 1 of "login\.services" is an empty list/,
  ],
  [
    "a word twice",
    `[${entry("", "[stop, stop]")}]`,
    /item 2 of "may" of item 1 of "login\.services" repeats/,
  ],
  ["two programs of one name", `[${entry()}, ${entry()}]`, /"gateway", the name of an earlier/],
  [
    "the name of a part of the hub",
    "[{name: operator, token: from-env GW, may: [start]}]",
    /"operator", a name that the hub needs/,
  ],
  [
    "a name that is no name",
    '[{name: "../x", token: from-env GW, may: [start]}]',
    /expected the name of a program such as gateway/,
  ],
  [
    "a token in the file",
    "[{name: gateway, token: 0123abcd, may: [start]}]",
    /"token" of item 1 of "login\.services" is invalid: .*does not belong in this file/,
  ],
  [
    "a group that is no name",
    `[${entry(', group: "made:gw"')}]`,
    /"group" of item 1 of "login\.services" is "made:gw"/,
  ],
] as const)
  test(`login.services complains about ${what}`, (t) => {
    const complaints = complaintsOf(yaml(services)).join("\n");
    t.regex(complaints, pattern);
    t.notRegex(complaints, /0123abcd/);
  });
