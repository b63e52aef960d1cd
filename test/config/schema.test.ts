import test from "ava";
import { classWith, complaintsOf, refused } from "./support/complaints.js";

test("every complaint comes at once, in the order of the file", (t) => {
  const complaints = complaintsOf(`name: Geo 101
domian: geo.example.org
manager: -oProxyCommand=x
storage:
  quota: 5GB
  device: vdb
login: {admins: [Ada]}
`);
  const places = complaints.map((complaint) => complaint.split("  ")[0]);
  t.deepEqual(places, ["1:7", "2:1", "3:10", "5:10", "6:11", "7:18"]);
});

test("a complaint says what, why and what would be right", (t) => {
  t.deepEqual(complaintsOf(classWith("storage: {device: /dev/vdb, quota: 5GB}")), [
    `3:36  storage.quota is "5GB", which is not a size for each user's home: a size is a number and K, M, G or T; write 5G`,
  ]);
});

test("what is missing is shown at what it is missing from", (t) => {
  const complaints = complaintsOf("domain: geo.example.org\nworkers: [{address: 10.0.0.5}]\n");
  t.deepEqual(
    complaints.map((complaint) => complaint.split(",")[0]),
    [
      "1:1  name is missing",
      "1:1  manager is missing",
      "1:1  storage is missing",
      "2:11  host of item 1 of workers is missing",
    ],
  );
});

test("a known key with nothing after its colon counts as absent", (t) => {
  const empty = "domain:\nworkers:\nlogin:\n  admins:\nservers:\nengine: {registry-mirrors: }";
  t.deepEqual(complaintsOf(classWith(empty)), []);
  t.regex(complaintsOf(classWith("name:")).join(), /^3:1 {2}name is missing/);
  t.regex(complaintsOf(classWith("workers: [~]")).join(), /item 1 of workers is empty/);
});

test(refused, "nam: b", /"nam" is no key that swarmhub knows, and would do nothing; write name$/);
test(refused, "engine: {registryMirrors: []}", /in engine.*; write registry-mirrors$/);
test(refused, "quota: 5G", /; quota belongs to storage$/);
test(refused, "zzz: ", /; the keys here are name, domain, manager/);
test(refused, "workers: [{host: a, adress: 10.0.0.5}]", /in item 1 of workers.*; write address$/);
test(refused, '"__proto__": {}', /"__proto__" is no key/);
test(refused, "name: 101", /name is 101, and must be the name of a class/);
test(refused, "manager: [a]", /manager is a list, and must be an OpenSSH destination/);
test(refused, "workers: debian@a", /workers is "debian@a", and must be a list of machines/);
test(refused, "storage: temporarily", /storage is "temporarily", and must be .* or temporary/);
test(refused, "storage: {temporary: true}", /"temporary" is no key .* in storage/);
test(refused, "storage: /dev/vdb", /storage is "\/dev\/vdb", and must be a mapping/);
test(refused, "storage: {device: /dev/vdb, quota: 5}", /quota is 5, and must be a size/);
test(refused, "storage: {device: /dev/vdb, quota: 9M}", /the minimum is 10M/);
test(refused, "storage: {file: 500M}", /storage.file.*the minimum is 1G/);
test(refused, "servers: {cpu: 0}", /servers.cpu is 0, .* lies between 0.01 and 1024/);
test(refused, "servers: {cpu: .nan}", /servers.cpu is NaN, and must be a number of cores/);
test(refused, "servers: {cpu: '1'}", /servers.cpu is "1", and must be a number of cores/);
test(refused, "servers: {skeleton: ~/files}", /servers.skeleton is "~\/files".*in full/);
test(
  refused,
  "servers: {skeleton: ''}",
  /servers.skeleton is "", .*write for example \.\/first-files/,
);
test(refused, "servers: {guarantee: 1M}", /servers.guarantee .* the minimum is 64M/);
test(refused, "servers: {idle: 9m}", /servers.idle .* the minimum is 10m/);
test(refused, "servers: {idle: 2}", /servers.idle is 2, and must be a time without use/);
test(refused, "servers: {idle: 400d}", /nothing here is longer than 365d/);
test(refused, "servers: {memory: 1M}", /the minimum is 64M/);
test(refused, "login: {admins: [ada, ada]}", /item 2 of login.admins is there already/);
test(refused, "login: {admins: ada}", /must be a list of user names/);

test(refused, "storage: {device: /dev/vdb, files: 12}", /files is "12", .* the minimum is 1k/);
test(
  refused,
  "storage: {device: /dev/vdb, files: [1]}",
  /files is a list, and must be a number of/,
);
test(
  refused,
  "storage: {device: /dev/vdb, trash: 30}",
  /trash is 30, and must be a number of days/,
);
test(
  refused,
  "storage: {device: /dev/vdb, trash: 1h}",
  /whole days from 1d to 3650d; write .* 30d/,
);
test(refused, "storage: {device: /dev/vdb, quota: [5G]}", /storage.quota is a list, and must be/);
test(
  refused,
  "storage: {device: /dev/vdb, quota: {default: 5}}",
  /quota.default is 5, and must be/,
);
test(
  refused,
  "storage: {device: /dev/vdb, quota: {default: }}",
  /quota.default is empty, and must/,
);
test(refused, "login: {groups: [ada]}", /login.groups is a list, and must be a mapping of groups/);
test(refused, "login: {groups: {staff: ada}}", /groups.staff is "ada", and must be a list of user/);
test(refused, "login: {groups: {staff: [Ada]}}", /item 1 of login.groups.staff .* write ada$/);

test("a password in the file is refused, and not repeated", (t) => {
  for (const value of [
    "hunter22!",
    "from-env hunter22!",
    "'from-env $hunter22'",
    "12345678",
    "[hunter22]",
    "{hunter22: x}",
  ]) {
    const complaints = complaintsOf(classWith(`login: {shared-password: ${value}}`)).join("\n");
    t.notRegex(complaints, /hunter22|12345678/, value);
    t.regex(complaints, /from-env ROOM_PASSWORD/, value);
  }
  const [literal = ""] = complaintsOf(classWith("login: {shared-password: hunter22}"));
  t.regex(literal, /does not belong in this file.*from-env.*from-file/);
});
