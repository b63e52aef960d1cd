import test from "ava";
import { type Parts, keepWatch, pauseAfter, slowTimer } from "../../quota/loop.js";
import type { PassReport } from "../../quota/pass.js";
import { createWakeup } from "../../quota/wakeup.js";

const calm: PassReport = {
  homes: 0,
  highestId: 0,
  mended: [],
  failures: [],
  ignored: [],
  over90: [],
  isBehind: false,
};

type Log = { waits: number[]; outcomes: unknown[]; listening: number };

/** A loop that ends after as many waits as it is given rounds; no time passes. */
const loop = (
  rounds: number,
  parts: Partial<Parts>,
): { log: Log; done: Promise<string | undefined> } => {
  const stop = new AbortController();
  const log: Log = { waits: [], outcomes: [], listening: 0 };
  const wakeup = {
    notify: () => {},
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
  const done = keepWatch(
    {
      isReady: async () => undefined,
      pass: async () => calm,
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

test("without events it looks at the slow timer's pace, and stops listening at the end", async (t) => {
  const { log, done } = loop(3, {});
  t.is(await done, undefined);
  t.deepEqual(log.waits, [slowTimer, slowTimer, slowTimer]);
  t.is(log.outcomes.length, 3);
  t.is(log.listening, 0);
});

test("storage that is not ready ends the watch at once with the sentence, and nothing is written", async (t) => {
  const { log, done } = loop(4, { isReady: async () => "no disk" });
  t.is(await done, "no disk");
  t.deepEqual([log.outcomes, log.waits, log.listening], [[], [], 0]);
});

test("a question that cannot be asked is no readiness", async (t) => {
  const isReady = async () => {
    throw new Error("xfs_quota did not run: it is not installed here");
  };
  t.regex((await loop(4, { isReady }).done) ?? "", /not installed/);
});

test("a mount that goes away ends the watch", async (t) => {
  const answers = [undefined, "no disk"];
  const { log, done } = loop(4, { isReady: async () => answers.shift() });
  t.is(await done, "no disk");
  t.deepEqual([log.outcomes.length, log.listening], [1, 0]);
});

test("failures make the pause grow up to the slow timer, and a good pass takes it back", async (t) => {
  let passes = 0;
  const { log, done } = loop(8, {
    pass: async () => {
      passes++;
      if (passes === 2) throw new Error("lsattr is not installed here");
      return passes === 7 ? calm : { ...calm, failures: [{ home: "ada", reason: "no" }] };
    },
  });
  await done;
  t.deepEqual(log.waits, [1000, 2000, 4000, 8000, 16000, 30000, slowTimer, 1000]);
  t.deepEqual(log.outcomes[1], { problem: "lsattr is not installed here" });
});

test("homes that came up in a pass are looked at without a pause", async (t) => {
  let passes = 0;
  const { log, done } = loop(1, { pass: async () => ({ ...calm, isBehind: ++passes < 3 }) });
  await done;
  t.is(log.outcomes.length, 3);
  t.is(log.waits.length, 1);
});

test("a home that fails for long does not hold back those that came up", async (t) => {
  let passes = 0;
  const failing = { ...calm, failures: [{ home: "ada", reason: "no" }], isBehind: true };
  const { log, done } = loop(1, {
    pass: async () => ({ ...failing, mended: ++passes < 3 ? ["bob"] : [] }),
  });
  await done;
  t.is(log.outcomes.length, 3);
});

test("the pause is bounded however often it fails", (t) => {
  t.is(pauseAfter(1_000_000), slowTimer);
});

test("a notify while nobody waits is not lost, and many rings are one", async (t) => {
  const wakeup = createWakeup();
  wakeup.notify();
  wakeup.notify();
  const never = new AbortController();
  await wakeup.wait(60_000, never.signal);
  const second = wakeup.wait(60_000, never.signal).then(() => "rung");
  t.is(await Promise.race([second, Promise.resolve("waiting")]), "waiting");
  wakeup.notify();
  t.is(await second, "rung");
});

test("a wait ends when the watcher is told to stop, and when the time is over", async (t) => {
  const stop = new AbortController();
  const waiting = createWakeup().wait(60_000, stop.signal);
  stop.abort();
  await waiting;
  await createWakeup().wait(60_000, stop.signal);
  await createWakeup().wait(1, new AbortController().signal);
  t.pass();
});
