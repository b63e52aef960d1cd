import test from "ava";
import { classWith, complaintsOf, refused } from "./support/complaints.js";

test("all complaints come at once, in the order of the file", (t) => {
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

test("a complaint has the key, the value and what is expected", (t) => {
  t.deepEqual(complaintsOf(classWith("storage: {device: /dev/vdb, quota: 5GB}")), [
    `3:36  "storage.quota" is "5GB": expected a size such as 5G; did you mean "5G"?`,
  ]);
});

test("a missing key is shown at the mapping that it is missing from", (t) => {
  const complaints = complaintsOf("domain: geo.example.org\nworkers: [{address: 10.0.0.5}]\n");
  t.deepEqual(
    complaints.map((complaint) => complaint.split(": ")[0]),
    [
      '1:1  "name" is missing',
      '1:1  "manager" is missing',
      '1:1  "storage" is missing',
      '2:11  "host" of item 1 of "workers" is missing',
    ],
  );
});

test("a known key with nothing after its colon counts as absent", (t) => {
  const empty = "domain:\nworkers:\nlogin:\n  admins:\nservers:\nengine: {registry-mirrors: }";
  t.deepEqual(complaintsOf(classWith(empty)), []);
  t.regex(complaintsOf(classWith("name:")).join(), /^3:1 {2}"name" is missing/);
  t.regex(complaintsOf(classWith("workers: [~]")).join(), /item 1 of "workers" is empty/);
});

test(refused, "nam: b", '4:1  unknown key "nam"; did you mean "name"?');
test(
  refused,
  "engine: {registryMirrors: []}",
  '4:10  unknown key "registryMirrors" in "engine"; did you mean "registry-mirrors"?',
);
test(refused, "memory: 1G", '4:1  unknown key "memory"; it belongs in "servers"');
test(refused, "quota: 5G", '4:1  unknown key "quota"; it belongs in "storage"');
test(
  refused,
  "zzz: ",
  '4:1  unknown key "zzz"; keys here: name, domain, public-address, manager, workers, storage, tls, login, servers, registries, proxy, ssh, swarm, engine',
);
test(refused, "ssh: openssh", '4:6  "ssh" is "openssh": expected built-in or system');
test(
  refused,
  "workers: [{host: a, adress: 10.0.0.5}]",
  '4:21  unknown key "adress" in item 1 of "workers"; did you mean "address"?',
);
test(
  refused,
  '"__proto__": {}',
  '4:1  unknown key "__proto__"; keys here: name, domain, public-address, manager, workers, storage, tls, login, servers, registries, proxy, ssh, swarm, engine',
);
test(refused, "name: 101", '3:7  "name" is 101: expected a class name such as geo-101');
test(
  refused,
  "manager: [a]",
  '3:10  "manager" is a list: expected local or an SSH destination such as debian@203.0.113.10',
);
test(
  refused,
  "workers: debian@a",
  '4:10  "workers" is "debian@a": expected a list of machines such as [debian@203.0.113.11]',
);
test(
  refused,
  "storage: temporarily",
  '3:10  "storage" is "temporarily": expected temporary, or a mapping of device, file, quota, files, trash, host and share, such as {device: /dev/vdb, quota: 5G}',
);
test(
  refused,
  "storage: {temporary: true}",
  '3:11  unknown key "temporary" in "storage"; keys here: device, file, quota, files, trash, host, share',
);
test(
  refused,
  "storage: /dev/vdb",
  '3:10  "storage" is "/dev/vdb": expected temporary, or a mapping of device, file, quota, files, trash, host and share, such as {device: /dev/vdb, quota: 5G}',
);
test(
  refused,
  "storage: {device: /dev/vdb, quota: 5}",
  '3:36  "storage.quota" is 5: expected a size such as 5G',
);
test(
  refused,
  "storage: {device: /dev/vdb, quota: 9M}",
  '3:36  "storage.quota" is "9M": expected a size such as 5G (the minimum is 10M)',
);
test(
  refused,
  "storage: {file: 500M}",
  '3:17  "storage.file" is "500M": expected a size such as 40G (the minimum is 1G)',
);
test(
  refused,
  "servers: {cpu: 0}",
  '4:16  "servers.cpu" is 0: expected a number of cores from 0.01 to 1024 such as 0.5',
);
test(
  refused,
  "servers: {cpu: .nan}",
  '4:16  "servers.cpu" is NaN: expected a number of cores from 0.01 to 1024 such as 0.5',
);
test(
  refused,
  "servers: {cpu: '1'}",
  '4:16  "servers.cpu" is "1": expected a number of cores from 0.01 to 1024 such as 0.5',
);
test(
  refused,
  "servers: {processes: 63}",
  '4:22  "servers.processes" is 63: expected a whole number from 64 to 4194304 such as 1024',
);
test(
  refused,
  "servers: {processes: 100.5}",
  '4:22  "servers.processes" is 100.5: expected a whole number from 64 to 4194304 such as 1024',
);
test(
  refused,
  "servers: {gpus: 0.5}",
  '4:17  "servers.gpus" is 0.5: expected a whole number from 1 to 16 such as 1',
);
test(
  refused,
  "servers: {scratch: 10M}",
  '4:20  "servers.scratch" is "10M": expected a size such as 10G (the minimum is 100M)',
);
test(
  refused,
  "servers: {skeleton: ~/files}",
  '4:21  "servers.skeleton" is "~/files": expected a folder such as ./first-files (~ is not expanded here); write the path in full',
);
test(
  refused,
  "servers: {skeleton: ''}",
  '4:21  "servers.skeleton" is "": expected a folder such as ./first-files',
);
test(
  refused,
  "servers: {guarantee: 1M}",
  '4:22  "servers.guarantee" is "1M": expected a size such as 1G (the minimum is 64M)',
);
test(
  refused,
  "servers: {idle: 9m}",
  '4:17  "servers.idle" is "9m": expected a duration from 10m to 365d such as 2h',
);
test(
  refused,
  "servers: {idle: 2}",
  '4:17  "servers.idle" is 2: expected a duration from 10m to 365d such as 2h',
);
test(
  refused,
  "servers: {idle: 400d}",
  '4:17  "servers.idle" is "400d": expected a duration from 10m to 365d such as 2h',
);
test(
  refused,
  "servers: {idle: never}",
  '4:17  "servers.idle" is "never": expected a duration from 10m to 365d such as 2h',
);
test(
  refused,
  "login: {remember: 30m}",
  '4:19  "login.remember" is "30m": expected a duration from 1h to 90d such as 12h',
);
test(
  refused,
  "login: {remember: forever}",
  '4:19  "login.remember" is "forever": expected a duration from 1h to 90d such as 12h',
);
test(
  refused,
  "servers: {memory: lots}",
  '4:19  "servers.memory" is "lots": expected a size such as 1G',
);
test(
  refused,
  "servers: {memory: 1M}",
  '4:19  "servers.memory" is "1M": expected a size such as 1G (the minimum is 64M)',
);
test(
  refused,
  "login: {admins: [ada, ada]}",
  '4:23  item 2 of "login.admins" repeats an earlier item; delete one of the two',
);
test(
  refused,
  "login: {admins-may-enter: sometimes}",
  '4:27  "login.admins-may-enter" is "sometimes": expected true or false',
);
test(
  refused,
  "login: {admins: ada}",
  '4:17  "login.admins" is "ada": expected a list of user names such as [ada]',
);

test(
  refused,
  "storage: {device: /dev/vdb, files: 12}",
  '3:36  "storage.files" is "12": expected a number of files such as 200k (the minimum is 1k)',
);
test(
  refused,
  "storage: {device: /dev/vdb, files: [1]}",
  '3:36  "storage.files" is a list: expected a number of files such as 200k',
);
test(
  refused,
  "storage: {device: /dev/vdb, trash: 30}",
  '3:36  "storage.trash" is 30: expected a number of days from 1d to 3650d such as 30d',
);
test(
  refused,
  "storage: {device: /dev/vdb, trash: 1h}",
  '3:36  "storage.trash" is "1h": expected a number of days from 1d to 3650d such as 30d',
);
test(
  refused,
  "storage: {device: /dev/vdb, quota: [5G]}",
  '3:36  "storage.quota" is a list: expected a size such as 5G',
);
test(
  refused,
  "storage: {device: /dev/vdb, quota: {default: 5}}",
  '3:46  "storage.quota.default" is 5: expected a size such as 5G',
);
test(
  refused,
  "storage: {device: /dev/vdb, quota: {default: }}",
  '3:37  "storage.quota.default" is empty: expected a size such as 5G',
);
test(
  refused,
  "login: {groups: [ada]}",
  '4:17  "login.groups" is a list: expected a mapping of groups such as {staff: [ada]}',
);
test(
  refused,
  "login: {groups: {staff: ada}}",
  '4:25  "login.groups.staff" is "ada": expected a list of user names, or a mapping of members, memory, cpu, quota, images and claims, such as [ada]',
);
test(
  refused,
  "login: {groups: {staff: [Ada]}}",
  '4:26  item 1 of "login.groups.staff" is "Ada": expected a user name such as ada (the hub turns names into lower case); did you mean "ada"?',
);

test("a password in the file is refused and not repeated", (t) => {
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
  t.regex(literal, /from-env.*from-file.*does not belong in this file/);
});
