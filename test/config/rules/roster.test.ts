import test from "ava";
import { classWith, complaintsOf } from "../support/complaints.js";

const complaints = (login: string): string[] =>
  complaintsOf(classWith(`storage: {device: /dev/vdb}\nlogin: ${login}`));

test("a roster is a file, or a mapping with the columns that are used", (t) => {
  for (const login of [
    "{roster: ./students.csv}",
    "{roster: {file: s.csv, user-name: Login, group: Section}}",
    "{passwords: generated, roster: s.csv}",
  ])
    t.deepEqual(complaints(login), []);
});

test("personal passwords need a roster, and exclude the shared one", (t) => {
  t.deepEqual(complaints("{passwords: generated}"), [
    '4:9  "login.passwords" needs a roster; write roster: ./students.csv beside it, a CSV file of the class',
  ]);
  t.deepEqual(complaints("{shared-password: generated, passwords: generated, roster: s.csv}"), [
    '4:37  "login.passwords" conflicts with "shared-password": users log in with one of the two; delete one of them',
  ]);
});

test("another value of these keys is refused", (t) => {
  t.deepEqual(complaints("{passwords: secret, roster: [s.csv]}"), [
    '4:20  "login.passwords" is "secret": expected generated (swarmhub makes a password for everybody on the roster)',
    '4:36  "login.roster" is a list: expected a CSV file such as ./students.csv',
  ]);
  t.deepEqual(complaints("{roster: {user-name: Login}}"), [
    '4:17  "login.roster.file" is missing: expected a CSV file such as ./students.csv',
  ]);
});

test("with a roster, a quota may be for a group that only the roster has", (t) => {
  const text = "storage: {device: /dev/vdb, quota: {geo: 9G}}\nlogin: {roster: s.csv}";
  t.deepEqual(complaintsOf(classWith(text)), []);
});
