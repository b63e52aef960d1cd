import test from "ava";
import { fullDiskText, isFull, refuseFull } from "../../src/cluster/disks.js";
import type { FreeSpace } from "../../src/host/facts.js";
import { paths } from "../../src/paths.js";
import { fakeFacts, fakeHost, userError } from "../support/fakes.js";

const megabyte = 2 ** 20;
const disk = (changes: Partial<FreeSpace>): FreeSpace => ({
  path: "/var/lib/docker",
  bytes: 20_480 * megabyte,
  freeBytes: 10_240 * megabyte,
  freeForRoot: 11_264 * megabyte,
  files: 1_000_000,
  freeFiles: 900_000,
  ...changes,
});
const machine = (name: string, changes: Partial<FreeSpace>, files = {}) =>
  fakeHost(name, { facts: fakeFacts({ dockerDisks: [disk(changes)], files }) });

for (const [what, changes, nearly, full] of [
  ["half of it free", {}, false, false],
  ["1 GB free", { freeBytes: 1024 * megabyte }, false, false],
  ["less than 1 GB free", { freeBytes: 1023 * megabyte }, true, false],
  [
    "nothing free, but ext4's reserve for root",
    { freeBytes: 0, freeForRoot: 1024 * megabyte },
    true,
    false,
  ],
  ["nothing free, for root neither", { freeBytes: 0, freeForRoot: megabyte }, true, true],
  ["no more files", { freeFiles: 3 }, true, true],
  ["a file system without a number of files", { files: 0, freeFiles: 0 }, false, false],
] as const)
  test(`a disk of Docker's with ${what}: nearly full is ${nearly}, full is ${full}`, (t) => {
    const facts = fakeFacts({ dockerDisks: [disk(changes)] });
    t.is(fullDiskText(facts) !== undefined, nearly);
    t.is(isFull(facts), full);
  });

test("a command is refused before it begins if machines are full, and each one is named", async (t) => {
  const none = { freeBytes: 0, freeForRoot: 0 };
  const layers = { [paths.largestLayers]: '[{"user":"carol","bytes":7516192768,"files":null}]' };
  const hosts = [
    machine("manager", {}),
    machine("worker1", none, layers),
    machine("worker2", none),
  ];
  const error = await userError(refuseFull(hosts));
  t.is(
    error.message,
    "worker1: its disk is full: only 0 B of 20 GB free in /var/lib/docker, so it gets no new servers; written outside the homes: carol 7 GB\n" +
      "worker2: its disk is full: only 0 B of 20 GB free in /var/lib/docker, so it gets no new servers",
  );
  t.is(error.code, 3);
  t.regex(error.hint ?? "", /^stop the server of carol .* swarmhub open$/);
  await t.notThrowsAsync(refuseFull(hosts.slice(0, 1)));
});

test("what is not a list of users and bytes names nobody", (t) => {
  for (const text of [
    "",
    "{",
    "null",
    "7",
    '[{"user":"\\u001b[2J","bytes":1}]',
    '[{"user":"a"}]',
    "[null]",
  ]) {
    const files = { [paths.largestLayers]: text };
    const facts = fakeFacts({ dockerDisks: [disk({ freeBytes: 0 })], files });
    t.false(fullDiskText(facts)?.includes("written"), text);
  }
});
