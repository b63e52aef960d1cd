import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import {
  type Amounts,
  type OwnLimits,
  type Unreadable,
  wantedLimits,
} from "../../contracts/limits.js";
import type { Limit } from "../../contracts/xfs.js";
import { createLimits } from "../../quota/limits.js";
import { type Finding, findingsOf } from "../../src/homes/findings.js";
import { inspectHomes } from "../../src/homes/inspect.js";
import { localStorage, withTools } from "../homes/support/local-storage.js";
import { home, homes } from "../homes/support/seen.js";

const defaults = { bytes: 5 * 2 ** 20, files: 1000, homes: {}, groups: {}, trashDays: 30 };
const plain = (content: string) => (path: string) => writeFile(path, content);
const json = (content: unknown) => plain(JSON.stringify(content));

const ownFiles: [what: string, write: (path: string) => Promise<unknown>][] = [
  ["no file", async () => {}],
  ["bytes and files", json({ bytes: 2 ** 24, files: 7 })],
  ["bytes", json({ bytes: 2 ** 24 })],
  ["files", json({ files: 7 })],
  ["nothing in a mapping", json({})],
  ["half a file", plain('{"bytes": 10')],
  ["an empty file", plain("")],
  ["a list", json([])],
  ["a text for bytes", json({ bytes: "10G" })],
  ["fewer bytes than a block", json({ bytes: 100 })],
  ["no files at all", json({ files: 0 })],
  ["more than 4096 bytes", plain(`{"bytes": 16777216}${" ".repeat(5000)}`)],
  ["a link", (path) => symlink(join(path, "../../limits.json"), path)],
  ["a folder", (path) => mkdir(path)],
];

const currentLimits: [what: string, current: Limit][] = [
  ["no limit", { hardKiB: 0, hardFiles: 0 }],
  ["half a limit", { hardKiB: 40, hardFiles: 0 }],
  ["another limit", { hardKiB: 40, hardFiles: 4 }],
];

const groupQuotas = Object.fromEntries(
  ownFiles.map((_, index) => [`h${index}`, { bytes: 50 * 2 ** 20 }]),
);

const isForWatcher = ({ home: name, hint }: Finding) => name !== undefined && hint === undefined;

for (const [title, limits] of [
  ["the defaults alone", defaults],
  ["a group's quota", { ...defaults, homes: groupQuotas }],
] as const)
  test(`with ${title} in limits.json, quota check finds nothing to repair once the watcher gave each home its limit`, async (t) => {
    const { host, folder } = await localStorage(t);
    await withTools(host, folder);
    await writeFile(join(folder, "limits.json"), JSON.stringify(limits));
    for (const [index, [, write]] of ownFiles.entries()) {
      await mkdir(join(folder, `homes/h${index}`));
      await write(join(folder, `limits/h${index}`));
    }
    const { limitFor } = createLimits(folder)();
    const seen = await inspectHomes(host);
    for (const [index, [what]] of ownFiles.entries())
      for (const [currently, current] of currentLimits) {
        const found = seen.homes.find(({ name }) => name === `h${index}`);
        const given = limitFor(`h${index}`, current);
        const limited = {
          ...home(`h${index}`, 2),
          bytes: { used: 0, hard: (given?.hardKiB ?? 0) * 1024 },
          files: { used: 0, hard: given?.hardFiles ?? 0 },
          own: found?.own,
        };
        const findings = findingsOf(homes({ homes: [limited], limits: seen.limits }), limits);
        t.deepEqual(findings.filter(isForWatcher), [], `${what}, currently ${currently}`);
      }
  });

test("a home's own limits come before its group's, and these before the defaults, each amount by itself", (t) => {
  const limits = { ...defaults, homes: { ada: { bytes: 5 } } };
  const wanted = (name: string, own?: OwnLimits | Unreadable, current?: Amounts) =>
    wantedLimits(limits, { name, own, groups: [], current });
  t.deepEqual(wanted("ada", { bytes: 7 }), { bytes: 7, files: 1000, from: "quota set" });
  t.deepEqual(wanted("ada", { files: 3 }), { bytes: 5, files: 3, from: "group" });
  t.deepEqual(wanted("bob"), { bytes: defaults.bytes, files: 1000, from: "default" });
  t.is(wanted("constructor").bytes, defaults.bytes);
});

test("of the groups of the configuration, the roster and the provider the highest quota counts, also where it is below the default", (t) => {
  const limits = {
    ...defaults,
    homes: { ada: { bytes: 50 }, gus: { bytes: 9 } },
    groups: { staff: 70, guests: 9 },
  };
  const bytesOf = (name: string, groups: string[], own?: OwnLimits) =>
    wantedLimits(limits, { name, own, groups, current: undefined }).bytes;
  t.is(bytesOf("ada", []), 50);
  t.is(bytesOf("ada", ["guests", "staff"]), 70);
  t.is(bytesOf("ada", ["guests"]), 50);
  t.is(bytesOf("gus", ["guests"]), 9);
  t.is(bytesOf("bob", ["guests", "of another class", "constructor"]), 9);
  t.is(bytesOf("bob", ["of another class"]), defaults.bytes);
  t.is(bytesOf("ada", ["staff"], { bytes: 3 }), 3, "a limit of one's own precedes");
});

test("an unreadable file leaves a home the limits that it has, and gives it the others where it has none", (t) => {
  const wanted = (current?: Amounts) =>
    wantedLimits(defaults, {
      name: "ada",
      own: { problem: "it is not JSON" },
      groups: [],
      current,
    });
  t.deepEqual(wanted({ bytes: 8192, files: 9 }), { bytes: 8192, files: 9, from: "current" });
  for (const current of [undefined, { bytes: 0, files: 9 }, { bytes: 8192, files: 0 }])
    t.deepEqual(wanted(current), { bytes: defaults.bytes, files: 1000, from: "default" });
});
