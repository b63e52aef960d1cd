import test from "ava";
import { classWith, complaintsOf } from "../support/complaints.js";

const complaint = (yaml: string): string => complaintsOf(classWith(yaml)).join("\n");

test("the manager as a worker is refused, with any user name", (t) => {
  for (const worker of [
    "debian@203.0.113.10",
    "root@203.0.113.10",
    "203.0.113.10",
    "ssh://x@203.0.113.10:22",
  ])
    t.regex(
      complaint(`workers: [${worker}]`),
      /^4:11 {2}item 1 of "workers" is .*, the same machine as "manager"/,
    );
});

test("the same machine as two workers is refused", (t) => {
  t.regex(
    complaint("workers: [a, B, root@b]"),
    /item 3 of "workers" is root@b, the same machine as item 2/,
  );
});

test("the same host with another port is another machine", (t) => {
  t.is(complaint('workers: ["ssh://203.0.113.10:2222", "ssh://203.0.113.10:2223"]'), "");
});

test("the manager or a worker as storage host is refused", (t) => {
  const storage = (host: string): string => `storage: {device: /dev/vdb, host: ${host}}`;
  t.regex(complaint(storage("203.0.113.10")), /same machine as "manager".*; delete storage.host$/);
  t.regex(complaint(`workers: [w1]\n${storage("w1")}`), /a server outside the Swarm/);
  t.is(complaint(storage("nas")), "");
});

test("the same address for two machines is refused", (t) => {
  const workers = "workers: [{host: a, address: 10.0.0.5}, {host: b, address: 10.0.0.5}]";
  t.regex(
    complaint(workers),
    /^4:60 {2}"address" of item 2 of "workers" is 10.0.0.5, which is also the address of item 1/,
  );
});

test("device and file exclude each other, and neither is needed before `check`", (t) => {
  t.regex(
    complaint("storage: {device: /dev/vdb, file: 40G}"),
    /"storage.file" conflicts with "device"/,
  );
  t.is(complaint("storage: {quota: 5G}"), "");
});

test("first files for temporary homes are refused", (t) => {
  const shared = "storage: temporary\nservers: {shared: 20G}";
  t.regex(complaint(shared), /"servers.shared" needs persistent homes/);
  const servers = "storage: temporary\nservers: {skeleton: first-files}";
  t.regex(complaint(servers), /"servers.skeleton" needs persistent homes.* into the image$/);
});

test("a guarantee larger than the memory is refused", (t) => {
  const guaranteeComplaint = (servers: string) => complaint(`servers: ${servers}`);
  t.regex(
    guaranteeComplaint("{memory: 1G, guarantee: 2G}"),
    /"servers.guarantee" is 2G, more than the memory of 1G of a server/,
  );
  t.regex(guaranteeComplaint("{guarantee: 1025M}"), /more than the default memory of 1G/);
  t.is(guaranteeComplaint("{memory: 1G, guarantee: 1G}"), "");
  t.is(guaranteeComplaint("{memory: 2G, guarantee: 1.5G}"), "");
});

test("a quota larger than the file is refused", (t) => {
  t.regex(
    complaint("storage: {file: 2G, quota: 3G}"),
    /"storage.quota" does not fit: a quota of 3G/,
  );
  t.regex(complaint("storage: {file: 2G}"), /"storage.file" does not fit: the default quota of 5G/);
  t.is(complaint("storage: {file: 2G, quota: 2G}"), "");
  const staff = (quota: string) =>
    complaint(`storage: {file: 4G, quota: ${quota}}\nlogin: {groups: {staff: [ada]}}`);
  t.regex(staff("{default: 1G, staff: 5G}"), /"storage.quota.staff" does not fit: a quota of 5G/);
  t.regex(staff("{staff: 1G}"), /"storage.file" does not fit: the default quota of 5G/);
});

test("an error in one key does not hide a complaint between keys", (t) => {
  const complaints = complaintsOf(classWith("workers: [debian@203.0.113.10]\nname: No"));
  t.is(complaints.length, 3);
});

test("image, build and images exclude each other", (t) => {
  const of = (servers: string) => complaintsOf(classWith(`servers: {${servers}}`)).join("\n");
  t.is(of("build: ./image"), "");
  t.is(of("images: [{name: R, build: ./r}, {name: S, image: s}]"), "");
  t.regex(of("image: r, build: ./r"), /4:28 {2}"servers\.build" conflicts with "image": a server/);
  t.regex(
    of("build: ./r, images: [{name: R, image: r}]"),
    /"servers\.build" conflicts with "images"/,
  );
  t.regex(
    of("images: [{name: R, image: r, build: ./r}]"),
    /"build" of item 1 of "servers\.images" conflicts with "image"/,
  );
  t.regex(
    of("images: [{name: R}]"),
    /"image" of item 1 of "servers\.images" is missing: .* or "build"/,
  );
  t.regex(of("build: ~/image"), /~ is not expanded here/);
});

test("images to choose from need different names, and replace image", (t) => {
  const images = (more: string) =>
    complaintsOf(classWith(`servers: {${more}images: [{name: R, image: r}, {name: R, image: s}]}`));
  t.deepEqual(
    images("").map((line) => line.replace(/;.*/, "")),
    ['4:48  "name" of item 2 of "servers.images" is the name of another image too'],
  );
  t.regex(
    images("image: r, ").join("\n"),
    /"servers\.image" conflicts with "images", whose first item/,
  );
  t.deepEqual(complaintsOf(classWith("servers: {images: [], image: r}")), []);
  for (const wrong of [
    "{image: r}",
    "{name: R}",
    "{name: '', image: r}",
    "r",
    "{name: R, image: r, size: 1}",
    '{name: "a\\nb", image: r}',
  ])
    t.is(complaintsOf(classWith(`servers: {images: [${wrong}]}`)).length, 1, wrong);
});
