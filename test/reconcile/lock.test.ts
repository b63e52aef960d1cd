import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { UserError } from "../../src/errors.js";
import type { Host } from "../../src/host/host.js";
import { type LockOptions, withLock } from "../../src/reconcile/lock.js";
import { self } from "../../src/reconcile/lock/holder.js";
import { eventually, fakeHost, fakeReport, userError } from "../support/fakes.js";
import { temporaryFolder } from "../support/temporary-folder.js";

/** A manager whose scripts run in a real shell, with a folder for its lock that is not there yet. */
const manager = () => {
  const host: Host = { ...fakeHost("manager"), script: shell };
  const folder = join(temporaryFolder(), "swarmhub");
  let beat: (() => void) | undefined;
  const options = {
    folder,
    every: (_ms: number, work: () => void) => {
      beat = work;
      return () => (beat = undefined);
    },
  } satisfies LockOptions;
  return {
    host,
    options,
    folder,
    lock: join(folder, "lock"),
    beat: () => beat?.(),
    /** So long ago was the last sign of life. */
    age: (seconds: number) => {
      const then = Date.now() / 1000 - seconds;
      utimesSync(join(folder, "lock", "heartbeat"), then, then);
    },
  };
};

const shell: Host["script"] = (text) =>
  new Promise((resolve, reject) => {
    const child = execFile("sh", ["-s"], (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(`${error.message}${stderr}`)),
    );
    child.stdin?.end(text);
  });

const elsewhere = { pid: process.pid, place: "another machine" };

/** Holds the lock until it is told to let go. */
const hold = async (it: ReturnType<typeof manager>, options: LockOptions = {}) => {
  const gate = new AbortController();
  const held = new AbortController();
  const done = withLock(
    it.host,
    "ada@laptop",
    async () => {
      held.abort();
      if (!gate.signal.aborted) await once(gate.signal, "abort");
    },
    { ...it.options, me: elsewhere, ...options },
  );
  await Promise.race([held.signal.aborted ? undefined : once(held.signal, "abort"), done]);
  return async (): Promise<void> => {
    gate.abort();
    await done;
  };
};

test("the lock exists during the work and is gone after it, with the folder that it needed", async (t) => {
  const it = manager();
  const { every: _, ...options } = it.options;
  const result = await withLock(
    it.host,
    "ada@laptop",
    async () => {
      const note = JSON.parse(readFileSync(join(it.lock, "holder.json"), "utf8")) as object;
      t.like(note, { who: "ada@laptop", pid: process.pid });
      t.deepEqual(Object.keys(note).toSorted(), ["pid", "place", "since", "token", "who"]);
      return "done";
    },
    options,
  );
  t.is(result, "done");
  t.false(existsSync(it.folder));
});

test("work that fails releases the lock", async (t) => {
  const it = manager();
  const error = new Error("no");
  await t.throwsAsync(
    withLock(it.host, "ada", async () => Promise.reject(error), it.options),
    { is: error },
  );
  t.false(existsSync(it.lock));
});

test("a folder with other content stays", async (t) => {
  const it = manager();
  await shell(`mkdir -p ${it.folder}/hub`);
  await withLock(it.host, "ada", async () => {}, it.options);
  t.deepEqual(readdirSync(it.folder), ["hub"]);
});

test("a second operator is told who holds the lock, since when, and how to take it", async (t) => {
  const it = manager();
  const letGo = await hold(it);
  const error = await userError(
    withLock(it.host, "bob", async () => t.fail("both work"), it.options),
  );
  t.is(error.code, 4);
  t.regex(
    error.message,
    /^manager: ada@laptop has been changing this class since \d{4}-\d\d-\d\dT[\d:]+Z \([\d.]+ s ago\)$/,
  );
  t.regex(error.hint ?? "", /--break-lock/);
  t.true(existsSync(it.lock), "and the lock is still the first one's");
  await letGo();
  await withLock(it.host, "bob", async () => t.pass(), it.options);
});

test("of many runs that start at once exactly one gets the lock", async (t) => {
  const it = manager();
  let [working, most, worked] = [0, 0, 0];
  const all = Array.from({ length: 10 }, (_, index) =>
    withLock(
      it.host,
      `op${index}`,
      async () => {
        working += 1;
        worked += 1;
        most = Math.max(most, working);
        await new Promise(setImmediate);
        working -= 1;
      },
      it.options,
    ).catch((error: unknown) => {
      if (!(error instanceof UserError)) throw error;
    }),
  );
  await Promise.all(all);
  t.is(most, 1);
  t.true(worked >= 1);
  t.false(existsSync(it.lock));
});

test("of many runs that find the lock of a dead holder exactly one takes it over", async (t) => {
  const it = manager();
  await hold(it);
  it.age(61);
  const gate = new AbortController();
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, async (_, index) => {
      const taken = new AbortController();
      const run = withLock(
        it.host,
        `op${index}`,
        async () => {
          taken.abort();
          if (!gate.signal.aborted) await once(gate.signal, "abort");
        },
        it.options,
      );
      const winner = await Promise.race([
        once(taken.signal, "abort").then(() => true),
        run.catch(() => false),
      ]);
      return { winner, run: run.catch(() => undefined) };
    }),
  );
  t.is(outcomes.filter(({ winner }) => winner === true).length, 1);
  gate.abort();
  await Promise.all(outcomes.map(({ run }) => run));
});

test("a holder without a heartbeat for a minute is replaced, with a warning", async (t) => {
  const it = manager();
  await hold(it);
  it.age(59);
  await userError(withLock(it.host, "bob", async () => {}, it.options));
  it.age(61);
  const report = fakeReport();
  await withLock(it.host, "bob", async () => t.pass(), { ...it.options, report });
  t.deepEqual(report.events, [
    {
      type: "warning",
      text: "took over the lock of ada@laptop: no heartbeat for 60 s",
    },
  ]);
});

test("heartbeats keep a lock for as long as the work takes", async (t) => {
  const it = manager();
  const letGo = await hold(it);
  it.age(55);
  it.beat();
  await letGo();
  t.false(existsSync(it.lock));
  const again = await hold(it);
  it.age(300);
  it.beat();
  // The release waits for the beat; a look through the same door comes after it.
  await shell(`flock ${join(it.folder, "..")} true`);
  await userError(withLock(it.host, "bob", async () => {}, it.options));
  await again();
});

test("a holder of this machine whose process is gone is replaced at once", async (t) => {
  const it = manager();
  const child = spawn("true");
  await once(child, "exit");
  await hold(it, { me: { ...self(), pid: child.pid ?? 0 } });
  const report = fakeReport();
  await withLock(it.host, "ada", async () => t.pass(), { ...it.options, report });
  t.like(report.events[0], { text: "took over the lock of ada@laptop: its process is gone" });
});

test("a live holder on this machine keeps its lock", async (t) => {
  const it = manager();
  const letGo = await hold(it, { me: self() });
  const error = await userError(withLock(it.host, "ada", async () => t.fail(), it.options));
  t.is(error.code, 4);
  await letGo();
});

test("--break-lock takes the lock, and the other run stops with an error", async (t) => {
  const it = manager();
  const begun = new AbortController();
  const first = withLock(
    it.host,
    "ada",
    async (lost) => {
      begun.abort();
      await once(lost, "abort");
      throw new UserError("interrupted", { code: 130 });
    },
    { ...it.options, me: elsewhere },
  );
  await once(begun.signal, "abort");
  const beatOfFirst = it.beat;
  const told = userError(first);
  const { every: _, ...rest } = it.options;
  await withLock(
    it.host,
    "bob",
    async () => {
      beatOfFirst();
      const error = await told;
      t.is(error.code, 4);
      t.regex(error.message, /another operator took over the lock/);
      t.true(existsSync(it.lock), "the first one's end does not end the second one's lock");
    },
    { ...rest, breakLock: true, every: () => () => {} },
  );
  t.false(existsSync(it.lock));
});

test("work that removes the folder keeps its lock", async (t) => {
  const it = manager();
  await withLock(
    it.host,
    "ada",
    async (lost) => {
      rmSync(it.folder, { recursive: true });
      it.beat();
      await eventually(() => existsSync(join(it.lock, "token")));
      t.false(lost.aborted);
    },
    it.options,
  );
  t.false(existsSync(it.folder));
});

test("a holder's file that a power cut truncated still locks, and still expires", async (t) => {
  const it = manager();
  await hold(it);
  await shell(`printf '{"who' >${it.lock}/holder.json`);
  const error = await userError(withLock(it.host, "bob", async () => {}, it.options));
  t.regex(error.message, /another operator has been changing/);
  await withLock(it.host, "bob", async () => t.pass(), { ...it.options, breakLock: true });
});

test("a name with quotes and newlines is only a name", async (t) => {
  const it = manager();
  const letGo = await hold(it);
  await letGo();
  await withLock(
    it.host,
    `o'"$(reboot)\n%s`,
    async () => {
      const note = JSON.parse(readFileSync(join(it.lock, "holder.json"), "utf8")) as {
        who: string;
      };
      t.is(note.who, `o'"$(reboot)\n%s`);
    },
    it.options,
  );
});

test("a manager lost at the end gives a warning and does not fail the work", async (t) => {
  const it = manager();
  const report = fakeReport();
  let lost = false;
  const host: Host = {
    ...it.host,
    script: (text) => (lost ? Promise.reject(new Error("lost")) : shell(text)),
  };
  const result = await withLock(
    host,
    "ada",
    async (taken) => {
      lost = true;
      it.beat();
      await new Promise(setImmediate);
      t.false(taken.aborted, "a missed beat is no harm");
      return 7;
    },
    { ...it.options, report },
  );
  t.is(result, 7);
  t.like(report.events[0], { type: "warning" });
});
