import test from "ava";
import { checkQuota } from "../../src/commands/quota/check.js";
import { quotaText } from "../../src/commands/quota/ls.js";
import { setQuota } from "../../src/commands/quota/set.js";
import { exitCode } from "../../src/errors.js";
import type { Home, Homes } from "../../src/homes/inspect.js";
import { plainLine } from "../../src/report/lines.js";
import { outputOf } from "../homes/support/perl-output.js";
import { home, homes } from "../homes/support/seen.js";
import { fakeCluster, fakeHost, fakeReport, userError } from "../support/fakes.js";

const megabytes = (used: number, hard: number) => ({ used: used * 2 ** 20, hard: hard * 2 ** 20 });
const ago = (minutes: number) => new Date(homes().now.getTime() - minutes * 60_000);

const three: Home[] = [
  { ...home("ada", 2), bytes: megabytes(950, 1024), changed: ago(3) },
  { ...home("bob", 3, "b\u001b[31mob"), bytes: megabytes(2, 2048), changed: ago(60 * 24 * 9) },
  { ...home("carl", 4), bytes: megabytes(7, 0), files: { used: 998, hard: 1000 } },
];

test("quota ls shows the usage of each home, and the totals", (t) => {
  t.is(
    quotaText(homes({ homes: three }), { sort: "name", json: false }),
    `USER    USED  LIMIT         FILES      LAST CHANGE
ada   950 MB   1 GB   92 %  10 of 1k   3 min ago
bob     2 MB   2 GB    1 %  10 of 1k   9 days ago
carl    7 MB   none   99 %  998 of 1k  -
3 homes: 959 MB used of 3 GB granted, 1018 files; 8 GB of 16 GB free on the disk`,
  );
});

test("quota ls filters by usage, and sorts by the requested column", (t) => {
  const users = (sort: "used" | "limit" | "files" | "changed", over?: number) =>
    (
      JSON.parse(
        quotaText(homes({ homes: three }), { sort, json: true, ...(over && { over }) }),
      ) as { homes: { home: string }[] }
    ).homes.map((each) => each.home);
  t.deepEqual(users("used", 90), ["ada", "carl"]);
  t.deepEqual(users("used"), ["ada", "carl", "bob"]);
  t.deepEqual(users("limit"), ["bob", "ada", "carl"]);
  t.deepEqual(users("files"), ["carl", "ada", "bob"]);
  t.deepEqual(users("changed"), ["ada", "bob", "carl"]);
});

test("quota ls draws a bar on a terminal, and a hostile name has no control characters anywhere", (t) => {
  const screen = { width: 200, height: 24, colour: false, unicode: true };
  const hostile = { ...home("x", 9, "a\u001b]0;x\u0007\u009b2J"), bytes: megabytes(512, 1024) };
  const seen = homes({ homes: [hostile] });
  t.regex(quotaText(seen, { sort: "name", json: false }, screen), /█████░░░░░ 50 %/);
  const ascii = { ...screen, unicode: false };
  t.regex(quotaText(seen, { sort: "name", json: false }, ascii), /#####----- 50 %/);
  for (const json of [true, false])
    t.notRegex(
      quotaText(seen, { sort: "name", json }, screen),
      /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/,
    );
});

/** A storage host whose watcher runs `apply` after limits were written. */
const storage = (seen: Homes, apply: (seen: Homes) => Homes = (same) => same) => {
  let now = seen;
  const written: string[] = [];
  const host = fakeHost("node1", { answers: [["report -p", () => outputOf(now)]] });
  host.run = async (_argv, { input } = {}) => {
    if (input !== undefined) written.push(String(input));
    now = apply(now);
    return "";
  };
  return { host, written };
};

const terminal = () => {
  const report = fakeReport();
  const printed: string[] = [];
  return { report, printed, screen: undefined, print: (text: string) => void printed.push(text) };
};

const limited = (bytes: number) => (seen: Homes) => ({
  ...seen,
  homes: seen.homes.map((one) => ({ ...one, bytes: { ...one.bytes, hard: bytes } })),
});

test("quota set writes the limit, waits for XFS, and shows the old and the new one", async (t) => {
  const { host, written } = storage(homes({ homes: [home("ada", 2)] }), limited(2 ** 31));
  const io = terminal();
  await setQuota(host, { users: ["ada"], bytes: 2 ** 31 }, { json: false }, io);
  t.deepEqual(written, ['ada {"bytes":2147483648}\n']);
  t.deepEqual(io.printed, ["ada  1 GB → 2 GB"]);
});

test("quota set warns about a limit below the usage", async (t) => {
  const seen = homes({ homes: [{ ...home("ada", 2), bytes: megabytes(300, 1024) }] });
  const io = terminal();
  const request = { users: undefined, bytes: 2 ** 27 };
  await setQuota(storage(seen, limited(2 ** 27)).host, request, { json: false }, io);
  t.deepEqual(io.report.events.map(plainLine), [
    "warning: ada uses 300 MB, more than 128 MB: no data is lost, but nothing can be written until enough is deleted",
    "new homes get the configured limits: 1 GB and 1000 files",
  ]);
});

test("quota set says that the limit is only saved, why, and what to do", async (t) => {
  const dead = { at: ago(5), homes: 1, over90: [], failures: [] };
  const seen = homes({ homes: [home("ada", 2)], watcher: dead });
  const set = setQuota(
    storage(seen, (now) => ({
      ...now,
      homes: now.homes.map((one) => ({ ...one, own: { bytes: 2 ** 31 } })),
    })).host,
    { users: ["ada"], bytes: 2 ** 31 },
    { json: false },
    terminal(),
    0,
  );
  const error = await userError(set);
  t.is(
    error.message,
    "node1: the limit is saved, but not in force for ada: the quota watcher has not responded for 5 min 00 s",
  );
  t.regex(error.hint ?? "", /type: swarmhub up/);
});

test("quota set writes nothing when a name is unknown", async (t) => {
  const { host, written } = storage(homes({ homes: [home("ada", 2)] }));
  const request = { users: ["ada", "adda"], bytes: 2 ** 31 };
  const error = await userError(setQuota(host, request, { json: false }, terminal()));
  t.regex(error.message, /"adda" has no home; did you mean ada\?/);
  t.deepEqual(written, []);
});

const limits = {
  bytes: 5 * 2 ** 30,
  files: 200_000,
  homes: {},
  groups: {},
  trashDays: 30,
};

const check = async (seen: Homes, mend: boolean, apply?: (seen: Homes) => Homes) => {
  const { host } = storage({ ...seen, limits }, apply);
  const io = terminal();
  const storageConfig = { ...fakeCluster(host).config.storage, files: limits.files, trashDays: 30 };
  const cluster = fakeCluster(host, [], { config: { storage: storageConfig } });
  const error = await checkQuota(cluster, { mend, json: false }, io).then(
    () => undefined,
    (reason: unknown) => reason as { code: number; hint?: string; message: string },
  );
  return { error, printed: io.printed };
};

const right = {
  ...home("ada", 2),
  bytes: megabytes(1, 5 * 1024),
  files: { used: 1, hard: 200_000 },
};

test("quota check succeeds when everything is correct", async (t) => {
  const { error, printed } = await check(homes({ homes: [right] }), false);
  t.is(error, undefined);
  t.deepEqual(printed, ["1 home: all project ids and limits are correct"]);
});

test("quota check prints the drift of each home, with code 6", async (t) => {
  const wrong = { ...right, bytes: megabytes(1, 0) };
  const { error, printed } = await check(homes({ homes: [wrong] }), false);
  t.deepEqual(printed, ["ada: its limit is none instead of 5 GB"]);
  t.is(error?.code, exitCode.drift);
  t.regex(error?.hint ?? "", /--mend/);
});

test("quota check --mend wakes the watcher and waits until everything is correct", async (t) => {
  const wrong = { ...right, bytes: megabytes(1, 0) };
  const { error, printed } = await check(homes({ homes: [wrong] }), true, (seen) => ({
    ...seen,
    homes: [right],
  }));
  t.is(error, undefined);
  t.is(printed[0], "1 finding repaired");
});

test("quota check --mend does not wait for a watcher that is down, and reports it", async (t) => {
  const wrong = { ...right, bytes: megabytes(1, 0) };
  const { error, printed } = await check(homes({ homes: [wrong], watcher: undefined }), true);
  t.is(error?.code, exitCode.drift);
  t.regex(printed[0] ?? "", /^all homes: .*has not written its status yet\n {2}→ `swarmhub up`/);
});

test("quota check --mend does not wait for what only a person can repair, and names the command", async (t) => {
  const kept = { ...right, bytes: megabytes(1, 7 * 1024), own: { problem: "it is not JSON" } };
  const { error, printed } = await check(homes({ homes: [kept] }), true);
  t.is(error?.code, exitCode.drift);
  t.regex(
    printed[0] ?? "",
    /^ada: limits\/ada is unreadable, so the home keeps its limit of 7 GB: .*\n {2}→ to set a limit again: `swarmhub quota set ada 10G`/,
  );
  t.regex(error?.hint ?? "", /`swarmhub quota set ada default`/);
});

test("a class with temporary homes has no limits, and the hint says how to keep homes", async (t) => {
  const cluster = fakeCluster(fakeHost("node1"), [], {
    config: { storage: { kind: "temporary" } },
  });
  const error = await userError(checkQuota(cluster, { mend: false, json: false }, terminal()));
  t.is(error.code, exitCode.usage);
  t.regex(error.hint ?? "", /swarmhub\.yaml/);
});
