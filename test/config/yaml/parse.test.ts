import test from "ava";
import { classWith, complaintsOf } from "../support/complaints.js";

test("the complaint about an empty file names swarmhub init", (t) => {
  for (const text of ["", "\n\n", "# only a comment\n", "---\n", "~"])
    t.regex(complaintsOf(text).join("\n"), /^1:1 {2}the file is empty.*`swarmhub init`/);
});

test("a list or a single word is refused", (t) => {
  for (const text of ["- a\n- b\n", "geo-101", "5", "true"])
    t.regex(
      complaintsOf(text).join("\n"),
      /^1:1 {2}the file is not a mapping: expected lines such as name: geo-101$/,
    );
});

test("each line with a tab in its indentation has a complaint", (t) => {
  const complaints = complaintsOf("name: a\nstorage:\n\tdevice: /dev/vdb\n\t\n  \tquota: 5G\n");
  t.is(complaints.length, 2);
  t.regex(
    complaints[0] ?? "",
    /^3:1 {2}tab in the indentation, where YAML allows only spaces; write two/,
  );
  t.regex(complaints[1] ?? "", /^5:3 /);
});

test("a duplicate key is shown at its second place", (t) => {
  const complaints = complaintsOf(`${classWith("domain: a.example.org")}\nname: b\n`);
  t.deepEqual(complaints, ['5:1  duplicate key "name"; delete one of the two']);
});

test("a second document is refused", (t) => {
  t.regex(
    complaintsOf("name: a\n---\nname: b\n").join("\n"),
    /^2:1 {2}a second document begins here/,
  );
});

test("invalid YAML is shown at its place", (t) => {
  const [first = ""] = complaintsOf('name: "a\nmanager: local\n');
  t.regex(first, /^\d+:\d+ {2}invalid YAML: .*; check the quotes/);
});

test("tags and unknown types are refused", (t) => {
  for (const value of ["!foo a", "!!js/function a", "!!binary aGVsbG8="])
    t.true(complaintsOf(classWith(`name: ${value}`)).length > 0, value);
});

test("aliases are refused, so that no small file expands to a huge one", (t) => {
  const levels = Array.from({ length: 30 }, (_, level) =>
    level === 0 ? "a0: &a0 [x,x]" : `a${level}: &a${level} [*a${level - 1},*a${level - 1}]`,
  );
  t.regex(complaintsOf(levels.join("\n"))[0] ?? "", /^2:10 {2}alias "\*a0" is not supported/);
  t.regex(complaintsOf("name: &x [*x]").join("\n"), /alias "\*x" is not supported/);
  t.deepEqual(complaintsOf("name: *none").length, 1);
});

test("a merge key is an unknown key like any other", (t) => {
  t.regex(complaintsOf(classWith("<<: {domain: a.example.org}")).join("\n"), /unknown key "<<"/);
});

test("keys that are not words are refused", (t) => {
  for (const key of ["? [a]\n", "? {a: b}\n", "5", "true", "~"])
    t.regex(complaintsOf(`name: a\n${key}: x`).join("\n"), /this key is not a word/, key);
});

test("deep nesting is a complaint and does not overflow the stack", (t) => {
  for (const text of ["[".repeat(20_000), "a: ".concat("{a: ".repeat(20_000)), "- ".repeat(20_000)])
    t.regex(complaintsOf(text).join("\n"), /^1:\d+ {2}nested too deeply/);
});

test("a file of 20,000 unknown keys is refused within seconds, in 31 lines", (t) => {
  // The time of this process alone: others run on the same cores.
  const before = process.cpuUsage();
  const complaints = complaintsOf(
    Array.from({ length: 20_000 }, (_, key) => `k${key}:`).join("\n"),
  );
  t.is(complaints.length, 31);
  t.is(complaints.at(-1), " and 19973 more");
  t.true(process.cpuUsage(before).user < 10_000_000, "in microseconds");
});

test("a value in a complaint cannot control the terminal", (t) => {
  const [complaint = ""] = complaintsOf(classWith('domain: "\\e[31m\\u202Ered"'));
  t.notRegex(complaint, /[\u001B\u202E]/);
});
