import { readFileSync, writeFileSync } from "node:fs";
import test from "ava";
import {
  allRehearsalNames,
  isRehearsalName,
  mostRehearsalPeople,
  rehearsalName,
} from "../../contracts/rehearsal.js";
import { slugOf } from "../../src/names.js";

const path = "test/fixtures/contracts/rehearsal.json";

// What the hub must agree with, for hub/tests/services/test_rehearsal.py; see fixtures.test.ts.
test("the names of a rehearsal are those that the hub reserves", (t) => {
  const homes = Object.fromEntries(
    [1, 9, mostRehearsalPeople].map((number) => {
      const name = rehearsalName(number);
      return [name, slugOf(name)];
    }),
  );
  const others = ["rehearsal-1", "Rehearsal-0", "Rehearsal-", "Rehearsal-1 ", "Rehearsal-1000"];
  t.deepEqual(others.filter(isRehearsalName), []);
  t.true(allRehearsalNames().every(isRehearsalName));
  const content = `${JSON.stringify({ most: mostRehearsalPeople, homes, others }, null, 2)}\n`;
  const before = (() => {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return "";
    }
  })();
  if (before === content) return;
  writeFileSync(path, content);
  t.fail(`${path} was out of date and is written anew: run pytest on hub/tests and commit it`);
});
