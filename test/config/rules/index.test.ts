import test from "ava";
import { classWith, complaintsOf } from "../support/complaints.js";

const said = (yaml: string): string => complaintsOf(classWith(yaml)).join("\n");

test("a worker that is the manager is refused, whatever the user", (t) => {
  for (const worker of [
    "debian@203.0.113.10",
    "root@203.0.113.10",
    "203.0.113.10",
    "ssh://x@203.0.113.10:22",
  ])
    t.regex(
      said(`workers: [${worker}]`),
      /^4:11 {2}item 1 of workers is .*, the same machine as manager/,
    );
});

test("two workers that are one machine are refused", (t) => {
  t.regex(
    said("workers: [a, B, root@b]"),
    /item 3 of workers is root@b, the same machine as item 2/,
  );
});

test("another port may be another machine", (t) => {
  t.is(said('workers: ["ssh://203.0.113.10:2222", "ssh://203.0.113.10:2223"]'), "");
});

test("the storage host is the manager by saying nothing, and no worker", (t) => {
  const storage = (host: string): string => `storage: {device: /dev/vdb, host: ${host}}`;
  t.regex(said(storage("203.0.113.10")), /same machine as manager.*; leave storage.host away$/);
  t.regex(said(`workers: [w1]\n${storage("w1")}`), /a server outside the Swarm/);
  t.is(said(storage("nas")), "");
});

test("two machines with one address are refused", (t) => {
  const workers = "workers: [{host: a, address: 10.0.0.5}, {host: b, address: 10.0.0.5}]";
  t.regex(
    said(workers),
    /^4:60 {2}address of item 2 of workers is 10.0.0.5, which is the address of item 1/,
  );
});

test("device and file exclude one another, and `check` asks where neither is named", (t) => {
  t.regex(said("storage: {device: /dev/vdb, file: 40G}"), /storage.file stands beside device/);
  t.is(said("storage: {quota: 5G}"), "");
});

test("temporary homes get no first files", (t) => {
  const servers = "storage: temporary\nservers: {skeleton: first-files}";
  t.regex(said(servers), /servers.skeleton is copied into homes that are kept.* into the image$/);
});

test("no more memory is kept free for a server than it may use", (t) => {
  const told = (servers: string) => said(`servers: ${servers}`);
  t.regex(
    told("{memory: 1G, guarantee: 2G}"),
    /servers.guarantee is 2G, more than the memory of 1G that a server may use/,
  );
  t.regex(told("{guarantee: 1025M}"), /more than the default memory of 1G/);
  t.is(told("{memory: 1G, guarantee: 1G}"), "");
  t.is(told("{memory: 2G, guarantee: 1.5G}"), "");
});

test("a file holds at least one home", (t) => {
  t.regex(said("storage: {file: 2G, quota: 3G}"), /storage.quota does not fit: a quota of 3G/);
  t.regex(said("storage: {file: 2G}"), /storage.file does not fit: the default quota of 5G/);
  t.is(said("storage: {file: 2G, quota: 2G}"), "");
  const staff = (quota: string) =>
    said(`storage: {file: 4G, quota: ${quota}}\nlogin: {groups: {staff: [ada]}}`);
  t.regex(staff("{default: 1G, staff: 5G}"), /storage.quota.staff does not fit: a quota of 5G/);
  t.regex(staff("{staff: 1G}"), /storage.file does not fit: the default quota of 5G/);
});

test("another key's error does not hide what is wrong between keys", (t) => {
  const complaints = complaintsOf(classWith("workers: [debian@203.0.113.10]\nname: No"));
  t.is(complaints.length, 3);
});

test("a server is made of one image: named, built, or of several to choose from", (t) => {
  const of = (servers: string) => complaintsOf(classWith(`servers: {${servers}}`)).join("\n");
  t.is(of("build: ./image"), "");
  t.is(of("images: [{name: R, build: ./r}, {name: S, image: s}]"), "");
  t.regex(of("image: r, build: ./r"), /4:28 {2}servers\.build stands beside image, but a server/);
  t.regex(of("build: ./r, images: [{name: R, image: r}]"), /servers\.build stands beside images/);
  t.regex(
    of("images: [{name: R, image: r, build: ./r}]"),
    /build of item 1 of servers\.images stands beside image/,
  );
  t.regex(of("images: [{name: R}]"), /image of item 1 of servers\.images is missing, .* or build/);
  t.regex(of("build: ~/image"), /~ is a shell's word/);
});

test("several images stand instead of one, and have names that differ", (t) => {
  const images = (more: string) =>
    complaintsOf(classWith(`servers: {${more}images: [{name: R, image: r}, {name: R, image: s}]}`));
  t.deepEqual(
    images("").map((line) => line.replace(/;.*/, "")),
    [
      "4:48  name of item 2 of servers.images is the name of another image too, and nobody could choose",
    ],
  );
  t.regex(
    images("image: r, ").join("\n"),
    /servers\.image stands beside images, the first of which/,
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
