import test from "ava";
import { UserError } from "../../src/errors.js";
import { type StepOptions, runSteps } from "../../src/reconcile/run-steps.js";
import type { Step } from "../../src/reconcile/piece.js";
import { type FakeHost, eventually, fakeClock, fakeHost, fakeReport } from "../support/fakes.js";

const [a, b, c] = [fakeHost("a"), fakeHost("b"), fakeHost("c")];

const performing = (changes: Partial<StepOptions> = {}): StepOptions => ({
  piece: "swarm",
  report: fakeReport(),
  jobs: 16,
  now: fakeClock(),
  ...changes,
});

/** Steps that only write down that they ran. */
const logger = () => {
  const log: string[] = [];
  const step = (host: FakeHost, title: string, after: Step[] = []): Step => ({
    host,
    title,
    after,
    run: async () => void log.push(title),
  });
  return { log, step };
};

const failing = (host: FakeHost, title: string): Step => ({
  host,
  title,
  run: async () => Promise.reject(new UserError("no space left")),
});

test("hosts work side by side, the steps of one host in order", async (t) => {
  const log: string[] = [];
  const gates = new Map<string, () => void>();
  const gated = (host: FakeHost, title: string): Step => ({
    host,
    title,
    run: () => {
      log.push(title);
      return new Promise<void>((resolve) => gates.set(title, resolve));
    },
  });
  const steps = [gated(a, "a1"), gated(a, "a2"), gated(b, "b1")];
  const run = runSteps(steps, performing());
  await eventually(() => gates.size === 2);
  t.deepEqual(log, ["a1", "b1"]);
  gates.get("a1")?.();
  await eventually(() => gates.size === 3);
  t.deepEqual(log, ["a1", "b1", "a2"]);
  for (const open of gates.values()) open();
  t.deepEqual(
    (await run).map(({ kind, step }) => [kind, step.title]),
    [
      ["done", "a1"],
      ["done", "a2"],
      ["done", "b1"],
    ],
    "the outcomes are in the order of the plan",
  );
});

test("no more hosts work at once than there are jobs", async (t) => {
  let [running, most] = [0, 0];
  const steps = Array.from({ length: 9 }, (_, index) => ({
    host: fakeHost(`h${index}`),
    title: "work",
    run: async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
    },
  }));
  await runSteps(steps, performing({ jobs: 4 }));
  t.is(most, 4);
});

test("a step waits for the steps that it names on other hosts, also with one job", async (t) => {
  for (const jobs of [1, 16]) {
    const { log, step } = logger();
    const init = step(c, "init");
    const joins = [step(a, "join a", [init]), step(b, "join b", [init])];
    const label = step(c, "label", joins);
    await runSteps([...joins, init, label], performing({ jobs }));
    t.deepEqual(log, ["init", "join a", "join b", "label"]);
  }
});

test("when a step fails, the steps that wait for it are skipped with a reason, and the others finish", async (t) => {
  const { log, step } = logger();
  const report = fakeReport();
  const bad = failing(a, "install");
  const join = step(b, "join", [bad]);
  const steps = [step(b, "early", []), step(c, "label", [join]), bad, step(a, "start"), join];
  const outcomes = await runSteps(steps, performing({ report }));
  t.deepEqual(log, ["early"]);
  t.deepEqual(
    outcomes.map(({ kind }) => kind),
    ["done", "skipped", "failed", "skipped", "skipped"],
  );
  t.deepEqual(
    report.events.flatMap((e) => (e.type === "step-skipped" ? [[e.host, e.title, e.why]] : [])),
    [
      ["a", "start", '"install" failed'],
      ["b", "join", '"install" failed on a'],
      ["c", "label", '"install" failed on a'],
    ],
  );
});

test("a step that throws at once, or throws something other than an Error, fails as any other", async (t) => {
  const report = fakeReport();
  const rude: Step = {
    host: a,
    title: "install",
    run: () => {
      throw "just a string"; // oxlint-disable-line only-throw-error -- what a careless library does
    },
  };
  const [outcome] = await runSteps([rude], performing({ report }));
  t.like(outcome, { kind: "failed", error: "just a string" });
  t.like(report.events.at(-1), { type: "step-failed", error: "just a string" });
});

test("after an interruption no step starts, and running steps are waited for", async (t) => {
  const stop = new AbortController();
  const { log, step } = logger();
  const last: Step = {
    host: a,
    title: "a1",
    run: async () => {
      stop.abort();
      await new Promise(setImmediate);
      log.push("a1 ended");
    },
  };
  const outcomes = await runSteps(
    [last, step(a, "a2"), step(b, "b1", [last])],
    performing({ signal: stop.signal }),
  );
  t.deepEqual(log, ["a1 ended"]);
  t.deepEqual(
    outcomes.map(({ kind, step: { title } }) => [kind, title]),
    [["done", "a1"]],
  );
});

test("a step that the interruption stopped is still to be done, and one that failed has failed", async (t) => {
  const stop = new AbortController();
  const stopping = (host: FakeHost, code: number): Step => ({
    host,
    title: `ends with ${code}`,
    run: async (_progress, signal) => {
      stop.abort();
      throw new UserError(signal?.aborted === true ? "stopped" : "no signal", { code });
    },
  });
  const ended = async (...steps: Step[]) =>
    (await runSteps(steps, performing({ signal: stop.signal }))).map(({ kind }) => kind);
  t.deepEqual(await ended(stopping(a, 130)), []);
  const other = new AbortController();
  t.deepEqual(
    (await runSteps([stopping(a, 1)], performing({ signal: other.signal }))).map(
      ({ kind }) => kind,
    ),
    ["failed"],
  );
  t.deepEqual(
    (await runSteps([stopping(a, 130)], performing())).map(({ kind }) => kind),
    ["failed"],
  );
});

test("the remembered facts of a host are dropped before its next step starts", async (t) => {
  const host = fakeHost("fresh");
  const seen: number[] = [];
  const look = (title: string): Step => ({
    host,
    title,
    run: async () => void seen.push(host.forgotten),
  });
  await runSteps([look("one"), look("two")], performing());
  t.deepEqual([...seen, host.forgotten], [0, 1, 2]);
});

test("steps that wait for each other are reported as a bug", async (t) => {
  const one: Step = { host: a, title: "one", run: async () => {} };
  const two: Step = { host: b, title: "two", after: [one], run: async () => {} };
  one.after = [two];
  await t.throwsAsync(runSteps([one, two], performing()), {
    message: "swarm: 2 steps wait for each other",
  });
  await t.throwsAsync(runSteps([two], performing()), {
    message: '"two" waits for "one", which is not in its plan',
  });
});

test("a note that a step returns is in its last event; other results are not", async (t) => {
  const report = fakeReport();
  const step = (title: string, result: unknown): Step => ({
    host: a,
    title,
    run: async () => result,
  });
  await runSteps([step("get", { note: "pulled" }), step("run", "stdout")], performing({ report }));
  const done = report.events.filter(({ type }) => type === "step-done");
  t.like(done[0], { title: "get", note: "pulled" });
  t.false("note" in (done[1] ?? {}));
});

test("what a step changes in particular is a line each before it starts", async (t) => {
  const report = fakeReport();
  const step: Step = {
    host: a,
    title: "write",
    changes: ["add ada", "remove bob"],
    run: async () => {},
  };
  await runSteps([step], performing({ report }));
  t.deepEqual(report.events.slice(0, 3), [
    { type: "note", text: "swarm: add ada" },
    { type: "note", text: "swarm: remove bob" },
    { type: "step-started", piece: "swarm", host: "a", title: "write" },
  ]);
});
