import test from "ava";
import { classWith, complaintsOf } from "../support/complaints.js";

test("a file with nothing in it leads to swarmhub init", (t) => {
  for (const text of ["", "\n\n", "# only a comment\n", "---\n", "~"])
    t.regex(
      complaintsOf(text).join("\n"),
      /^1:1 {2}there is nothing in this file.*`swarmhub init`/,
    );
});

test("a list or a single word is no configuration", (t) => {
  for (const text of ["- a\n- b\n", "geo-101", "5", "true"])
    t.regex(complaintsOf(text).join("\n"), /^1:1 {2}this is no mapping/);
});

test("each line that a tab indents is named in a plain sentence", (t) => {
  const complaints = complaintsOf("name: a\nstorage:\n\tdevice: /dev/vdb\n\t\n  \tquota: 5G\n");
  t.is(complaints.length, 2);
  t.regex(complaints[0] ?? "", /^3:1 {2}a tab indents this line, but YAML counts spaces; put two/);
  t.regex(complaints[1] ?? "", /^5:3 /);
});

test("a key that stands twice is shown at its second place", (t) => {
  const complaints = complaintsOf(`${classWith("domain: a.example.org")}\nname: b\n`);
  t.is(complaints.length, 1);
  t.regex(complaints[0] ?? "", /^5:1 {2}"name" stands here a second time.*; keep one$/);
});

test("a second document is refused", (t) => {
  t.regex(
    complaintsOf("name: a\n---\nname: b\n").join("\n"),
    /^2:1 {2}a second document begins here/,
  );
});

test("broken YAML is shown where it breaks", (t) => {
  const [first = ""] = complaintsOf('name: "a\nmanager: local\n');
  t.regex(first, /^\d+:\d+ {2}this cannot be read as YAML: .*; look at the quotes/);
});

test("tags and unknown types are refused", (t) => {
  for (const value of ["!foo a", "!!js/function a", "!!binary aGVsbG8="])
    t.true(complaintsOf(classWith(`name: ${value}`)).length > 0, value);
});

test("aliases are refused, so that a bomb has no fuse", (t) => {
  const levels = Array.from({ length: 30 }, (_, level) =>
    level === 0 ? "a0: &a0 [x,x]" : `a${level}: &a${level} [*a${level - 1},*a${level - 1}]`,
  );
  t.regex(complaintsOf(levels.join("\n"))[0] ?? "", /^2:10 {2}"\*a0" is an alias/);
  t.regex(complaintsOf("name: &x [*x]").join("\n"), /is an alias/);
  t.deepEqual(complaintsOf("name: *none").length, 1);
});

test("a merge key is an unknown key like any other", (t) => {
  t.regex(complaintsOf(classWith("<<: {domain: a.example.org}")).join("\n"), /"<<" is no key/);
});

test("keys that are no words are refused", (t) => {
  for (const key of ["? [a]\n", "? {a: b}\n", "5", "true", "~"])
    t.regex(complaintsOf(`name: a\n${key}: x`).join("\n"), /this key is no plain word/, key);
});

test("brackets without end are a complaint and no end of the stack", (t) => {
  for (const text of ["[".repeat(20_000), "a: ".concat("{a: ".repeat(20_000)), "- ".repeat(20_000)])
    t.regex(complaintsOf(text).join("\n"), /^1:\d+ {2}this is nested too deeply/);
});

test("a file of nothing but keys is answered soon, and in a few lines", (t) => {
  const started = performance.now();
  const complaints = complaintsOf(
    Array.from({ length: 20_000 }, (_, key) => `k${key}:`).join("\n"),
  );
  t.is(complaints.length, 31);
  t.is(complaints.at(-1), " and 19973 more");
  t.true(performance.now() - started < 10_000);
});

test("what a complaint repeats cannot reach into the terminal", (t) => {
  const [complaint = ""] = complaintsOf(classWith('domain: "\\e[31m\\u202Ered"'));
  t.notRegex(complaint, /[\u001B\u202E]/);
});
