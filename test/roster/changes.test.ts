import test from "ava";
import type { RosterPerson } from "../../contracts/roster.js";
import {
  changeLines,
  changesBetween,
  changesText,
  described,
  rosterWith,
} from "../../src/roster/changes.js";

const person = (name: string, more: Partial<RosterPerson> = {}): RosterPerson => ({
  name,
  shown: name,
  groups: [],
  password: `hash of ${name}`,
  ...more,
});

const before = [person("ada"), person("bob", { shown: "Bob B" }), person("carl")];
const now = [
  { name: "ada", shown: "Ada L", groups: ["geo", "staff"] },
  { name: "carl", shown: "carl", groups: [] },
  { name: "dora", shown: "Dora D", groups: ["geo"] },
];

test("the difference of two rosters is a line for each person", (t) => {
  const changes = changesBetween(before, now, { hasPasswords: true, reset: new Set(["carl"]) });
  t.deepEqual(
    changeLines(changes, (name) => name === "bob"),
    [
      "add dora (Dora D), in geo",
      "remove bob (Bob B), whose server is running; the home stays",
      "change ada: groups none → geo, staff; ada → Ada L",
      "make a new password for carl",
    ],
  );
  t.is(changesText(changes), "1 added, 1 removed, 1 changed, 2 new passwords");
});

test("whoever stays keeps the password, and without personal passwords there is none", (t) => {
  const hashes = new Map([["dora", "new hash"]]);
  t.deepEqual(
    rosterWith(before, now, { hasPasswords: true, hashes }).map(({ password }) => password),
    ["hash of ada", "hash of carl", "new hash"],
  );
  t.true(
    rosterWith(before, now, { hasPasswords: false, hashes }).every(
      ({ password }) => password === null,
    ),
  );
  t.deepEqual(changesBetween(before, now, { hasPasswords: false }).withoutPassword, []);
});

test("many changes are cut, and a hostile name cannot change the terminal", (t) => {
  const many = Array.from({ length: 150 }, (_, at) => person(`u${at}`));
  const lines = changeLines(changesBetween([], many, { hasPasswords: true }), () => false);
  t.is(lines.length, 101);
  t.is(lines.at(-1), "and 50 more");
  t.is(described({ name: "a\u001b[2J", shown: "x".repeat(99) }), `a (${"x".repeat(59)}…)`);
});
