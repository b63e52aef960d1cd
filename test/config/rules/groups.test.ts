import test from "ava";
import { classWith, complaintsOf } from "../support/complaints.js";

const complaints = (quota: string, groups: string): string =>
  complaintsOf(
    classWith(`storage: {device: /dev/vdb, quota: ${quota}}\nlogin: {groups: ${groups}}`),
  ).join("\n");

test("a quota is a size, or a mapping of sizes with groups", (t) => {
  t.is(complaints("5G", "{}"), "");
  t.is(complaints("{default: 5G, staff: 50G}", "{staff: [ada]}"), "");
  t.is(complaints("{staff: 50G}", "{staff: [ada], tutors: [bob]}"), "");
});

test("a quota for a missing group is refused at its place, with what to write", (t) => {
  t.is(
    complaints("{default: 5G, staf: 50G}", "{staff: [ada]}"),
    '3:50  "storage.quota.staf" is for a group that "login.groups" does not have; write login: {groups: {staf: [ada]}} or delete the line',
  );
  t.regex(
    complaints("{'a\u001b[2J': 5G}", "{}"),
    /^3:37 {2}"storage\.quota\.a\\u001b\[2J" is for a group.*\{staff: \[ada\]/,
  );
});

test("a user may be in two groups whose quotas differ: the highest counts", (t) => {
  const groups = "{staff: [ada, bob], tutors: [eve, bob]}";
  t.is(complaints("{staff: 50G, tutors: 20G}", groups), "");
  t.is(complaints("{staff: 50G}", groups), "");
});

test("a user twice in one group is refused", (t) => {
  t.regex(
    complaints("5G", "{staff: [ada, ada]}"),
    /item 2 of "login.groups.staff" repeats an earlier item/,
  );
});

test("an unusual group name and the name default are refused", (t) => {
  for (const name of ["default", "Staff", "1st", "'a b'", "__proto__", "''", "a".repeat(41)])
    t.regex(
      complaints("5G", `{${name}: [ada]}`),
      /^4:18 {2}"login\.groups.*" is not a group name: expected a name such as staff \(.*\)$/,
    );
});
