import test from "ava";
import type { Config, PersistentStorage } from "../../src/config/types.js";
import { UserError } from "../../src/errors.js";
import type { FirstFiles } from "../../src/operator/first-files.js";
import { firstFiles } from "../../src/pieces/first-files.js";
import { classOf, planError, runAll, describeSteps } from "../support/class-of.js";
import { fakeConfig, fakeFacts, persistentStorage } from "../support/fakes.js";

const wanted: FirstFiles = { hash: "abc", bytes: 12_288, files: 3, entries: [] };
const noteOf = ({ hash, bytes, files }: FirstFiles) =>
  `${JSON.stringify({ hash, bytes, files })}\n`;
const facts = (note?: string) =>
  fakeFacts({ files: note === undefined ? {} : { "/srv/swarmhub/skeleton.json": note } });
const cluster = classOf(1, { server: true, answers: [["mountpoint -q", ""]] });
const plan = (have: FirstFiles | UserError | undefined, note?: string, config = cluster.config) =>
  firstFiles.plan(config, { facts: facts(note), wanted: have }, cluster);
const withStorage = (changes: Partial<PersistentStorage>): Config =>
  fakeConfig({ storage: persistentStorage(changes) });
const bytes = (value: number) => value as PersistentStorage["quota"]["default"];

test("first files are copied to the storage once, and again when they change", (t) => {
  const step =
    "server: copy the first files of new homes to /srv/swarmhub/skeleton (12 KB in 3 files and folders)";
  t.deepEqual(describeSteps(plan(wanted)), [step]);
  t.deepEqual(describeSteps(plan(wanted, noteOf(wanted))), []);
  t.deepEqual(describeSteps(plan(wanted, noteOf({ ...wanted, hash: "old" }))), [step]);
});

test("first files are removed if the configuration has none, and by `down`", (t) => {
  const step = "server: remove the first files of new homes from /srv/swarmhub";
  t.deepEqual(describeSteps(plan(undefined)), []);
  t.deepEqual(describeSteps(plan(undefined, "{}")), [step]);
  const remove = (note?: string, have?: UserError) =>
    describeSteps(firstFiles.remove({ facts: facts(note), wanted: have }, cluster));
  t.deepEqual(remove(), []);
  t.deepEqual(remove(noteOf(wanted), new UserError("gone")), [step]);
});

test("a folder that cannot be copied stops `up`", (t) => {
  t.is(planError(t, () => plan(new UserError("too large"))).message, "too large");
});

test("a skeleton larger than the smallest quota is refused before any step", (t) => {
  const quota = { default: bytes(2 ** 30), groups: { guests: bytes(8192) } };
  t.is(
    planError(t, () => plan(wanted, undefined, withStorage({ quota }))).message,
    "servers.skeleton takes 12 KB in each home, but the smallest quota is 8 KB",
  );
  t.regex(
    planError(t, () => plan(wanted, undefined, withStorage({ files: 2 }))).message,
    /has 3 files and folders, but a home may have only 2/,
  );
});

test("the copy replaces the former one atomically, and its note is written last", async (t) => {
  await runAll(plan(wanted));
  const [asked = ""] = cluster.hosts[2]?.asked ?? [];
  const places = ["mountpoint", "tar -xzf", "mv -T skeleton.new skeleton\n", "mv -f skeleton.json"];
  const found = places.map((words) => asked.indexOf(words));
  t.deepEqual(
    found,
    found.toSorted((one, other) => one - other),
  );
  t.true(found.every((place) => place > 0));
  t.true(asked.endsWith(`sh ${noteOf(wanted)}`));
});
