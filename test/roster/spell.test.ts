import { readFileSync } from "node:fs";
import test from "ava";
import { refusalOf, spell } from "../../src/roster/spell.js";

// hub/tests/login/test_names.py reads the same file.
const examples = JSON.parse(
  readFileSync("test/fixtures/contracts/spellings.json", "utf8"),
) as readonly { typed: string; name: string }[];

test("a roster spells a name as the hub does, and spelling it again changes nothing", (t) => {
  t.true(examples.length > 30);
  for (const { typed, name } of examples) {
    t.is(spell(typed), name, JSON.stringify(typed));
    t.is(spell(name), name);
  }
});

test("a name that the hub or a spreadsheet would not take is refused with the reason", (t) => {
  for (const [name, why] of [
    ["a/b", /has a \//],
    ["..", /only dots/],
    ["a\u0000b", /control characters/],
    ["x".repeat(255), /more than 254 characters/],
    ["=1+1", /begins with =, so that a spreadsheet/],
    ["@sum(a1)", /begins with @/],
    ["-1", /begins with -/],
    ["\ud800", /control characters/],
  ] as const)
    t.regex(refusalOf(name) ?? "", why);
  for (const name of ["ada", "o'brien", "jürgen", "ada@example.org", "12345", "😀".repeat(200)])
    t.is(refusalOf(name), undefined);
});
