import test from "ava";
import { type Parts, runPasses } from "../../quota/loop.js";
import type { PassReport } from "../../quota/pass.js";
import { createWakeup } from "../../quota/wakeup.js";

const success: PassReport = {
  homes: 0,
  highestId: 0,
  repaired: [],
  failures: [],
  ignored: [],
  over90: [],
  isBehind: false,
};

const longestPause = 30_000;

type Log = { rests: number[]; waits: number[]; outcomes: unknown[]; listening: number };

/** A loop that ends after as many waits as there are rounds; no time passes. */
const loop = (
  rounds: number,
  parts: Partial<Parts>,
): { log: Log; done: Promise<string | undefined> } => {
  const stop = new AbortController();
  const log: Log = { rests: [], waits: [], outcomes: [], listening: 0 };
  const wakeup = {
    notify: () => {},
    rest: async (milliseconds: number) => {
      log.rests.push(milliseconds);
    },
    wait: async (milliseconds: number) => {
      if (log.waits.push(milliseconds) >= rounds) stop.abort();
    },
  };
  const listen = () => {
    log.listening++;
    return () => {
      log.listening--;
    };
  };
  const done = runPasses(
    {
      checkMount: async () => undefined,
      pass: async () => success,
      wakeup,
      listen,
      onPass: async (outcome) => {
        log.outcomes.push(outcome);
      },
      ...parts,
    },
    stop.signal,
  );
  return { log, done };
};

test("without events a pass follows after the longest pause, and listening stops at the end", async (t) => {
  const { log, done } = loop(3, {});
  t.is(await done, undefined);
  t.deepEqual(log.waits, [longestPause, longestPause, longestPause]);
  t.is(log.outcomes.length, 3);
  t.is(log.listening, 0);
});

test("a storage that is not ready ends the watcher at once with the reason, and nothing is written", async (t) => {
  const { log, done } = loop(4, { checkMount: async () => "no disk" });
  t.is(await done, "no disk");
  t.deepEqual([log.outcomes, log.waits, log.listening], [[], [], 0]);
});

test("a mount check that cannot run counts as a storage that is not ready", async (t) => {
  const checkMount = async () => {
    throw new Error("xfs_quota did not run: it is not installed here");
  };
  t.regex((await loop(4, { checkMount }).done) ?? "", /not installed/);
});

test("a mount that disappears ends the watcher", async (t) => {
  const answers = [undefined, "no disk"];
  const { log, done } = loop(4, { checkMount: async () => answers.shift() });
  t.is(await done, "no disk");
  t.deepEqual([log.outcomes.length, log.listening], [1, 0]);
});

test("failures make the pause grow up to the longest one, and a pass without failures resets it", async (t) => {
  let passes = 0;
  const { log, done } = loop(8, {
    pass: async () => {
      passes++;
      if (passes === 2) throw new Error("lsattr is not installed here");
      return passes === 7 ? success : { ...success, failures: [{ home: "ada", reason: "no" }] };
    },
  });
  await done;
  t.deepEqual(log.waits, [1000, 2000, 4000, 8000, 16000, 30000, longestPause, 1000]);
  t.deepEqual(log.outcomes[1], { problem: "lsattr is not installed here" });
});

test("after a pass that is behind the next one follows without a pause", async (t) => {
  let passes = 0;
  const { log, done } = loop(1, { pass: async () => ({ ...success, isBehind: ++passes < 3 }) });
  await done;
  t.is(log.outcomes.length, 3);
  t.is(log.waits.length, 1);
});

test("a home that fails again and again does not delay new ones", async (t) => {
  let passes = 0;
  const failing = { ...success, failures: [{ home: "ada", reason: "no" }], isBehind: true };
  const { log, done } = loop(1, {
    pass: async () => ({ ...failing, repaired: ++passes < 3 ? ["bob"] : [] }),
  });
  await done;
  t.is(log.outcomes.length, 3);
});

test("the pause stays the longest one however often passes fail", async (t) => {
  const failing = { ...success, failures: [{ home: "ada", reason: "no" }] };
  const { log, done } = loop(1100, { pass: async () => failing });
  await done;
  t.is(log.waits.at(-1), longestPause);
});

test("between two passes there is a least pause, which no event ends; a pass that is behind has none", async (t) => {
  let passes = 0;
  const { log, done } = loop(3, {
    pass: async () => ({ ...success, isBehind: ++passes === 1 }),
  });
  await done;
  t.is(log.outcomes.length, 4);
  t.deepEqual(log.rests, [300, 300, 300]);
});

test("a notification during the least pause does not end it, and ends the wait after it", async (t) => {
  const wakeup = createWakeup();
  const never = new AbortController();
  const started = performance.now();
  wakeup.notify();
  const rest = wakeup.rest(100, never.signal);
  wakeup.notify();
  await rest;
  t.true(performance.now() - started >= 99);
  await wakeup.wait(60_000, never.signal);
  const stop = new AbortController();
  const aborted = wakeup.rest(60_000, stop.signal);
  stop.abort();
  await aborted;
});

test("a notification before a wait is not lost, and several count as one", async (t) => {
  const wakeup = createWakeup();
  wakeup.notify();
  wakeup.notify();
  const never = new AbortController();
  await wakeup.wait(60_000, never.signal);
  const second = wakeup.wait(60_000, never.signal).then(() => "notified");
  t.is(await Promise.race([second, Promise.resolve("waiting")]), "waiting");
  wakeup.notify();
  t.is(await second, "notified");
});

test("a wait ends when the watcher stops, and when its time is over", async (t) => {
  const stop = new AbortController();
  const waiting = createWakeup().wait(60_000, stop.signal);
  stop.abort();
  await waiting;
  await createWakeup().wait(60_000, stop.signal);
  await createWakeup().wait(1, new AbortController().signal);
  t.pass();
});
