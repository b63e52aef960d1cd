import test from "ava";
import { classWith, complaintsOf } from "../support/complaints.js";

const said = (quota: string, groups: string): string =>
  complaintsOf(
    classWith(`storage: {device: /dev/vdb, quota: ${quota}}\nlogin: {groups: ${groups}}`),
  ).join("\n");

test("a quota is a size, or a mapping of sizes with groups", (t) => {
  t.is(said("5G", "{}"), "");
  t.is(said("{default: 5G, staff: 50G}", "{staff: [ada]}"), "");
  t.is(said("{staff: 50G}", "{staff: [ada], tutors: [bob]}"), "");
});

test("a quota for a group that does not exist is refused at its place, with the hint", (t) => {
  t.is(
    said("{default: 5G, staf: 50G}", "{staff: [ada]}"),
    "3:50  storage.quota.staf names a group that login.groups does not have; write login: {groups: {staf: [ada]}} or delete the line",
  );
  t.regex(
    said("{'a\u001b[2J': 5G}", "{}"),
    /^3:37 {2}storage\.quota\."a\\u001b\[2J" names.*\{staff: \[ada\]/,
  );
});

test("a user in two groups with different quotas is refused, with equal ones or without not", (t) => {
  const groups = "{staff: [ada, bob], tutors: [eve, bob]}";
  t.regex(
    said("{staff: 50G, tutors: 20G}", groups),
    /^4:\d+ {2}item 2 of login.groups.tutors is "bob", who is in staff too, and the two have different/,
  );
  t.is(said("{staff: 50G, tutors: 51200M}", groups), "");
  t.is(said("{staff: 50G}", groups), "");
});

test("a user twice in one group is refused", (t) => {
  t.regex(said("5G", "{staff: [ada, ada]}"), /item 2 of login.groups.staff is there already/);
});

test("a group's name is plain, and not default", (t) => {
  for (const name of ["default", "Staff", "1st", "'a b'", "__proto__", "''", "a".repeat(41)])
    t.regex(
      said("5G", `{${name}: [ada]}`),
      /^4:18 {2}login\.groups.* cannot be: .*write .* staff$/,
    );
});
