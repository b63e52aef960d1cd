import test from "ava";
import { runTasks, runTasksInTurn } from "../../src/reconcile/run-tasks.js";
import { plainLine } from "../../src/report/lines.js";
import { fakeReport } from "../support/fakes.js";

test("all tasks run at once, each to its end, and every result is reported and returned", async (t) => {
  const report = fakeReport();
  let letGo = () => {};
  const second = new Promise<void>((done) => {
    letGo = done;
  });
  const ends = await runTasks(
    "machines",
    [
      // It would never end if the second came after it.
      { host: "one", title: "reach it", run: () => second.then(() => 1) },
      {
        host: "two",
        title: "reach it",
        run: async (progress) => {
          progress("it refuses");
          letGo();
          throw new Error("gone");
        },
      },
    ],
    report,
  );
  t.like(ends, [{ result: 1 }, { error: new Error("gone") }]);
  const lines = report.events.map(plainLine).filter((line) => line !== undefined);
  t.regex(lines.join("\n"), /two {2}reach it {2}FAILED[^]*one {2}reach it {2}done/);
  t.deepEqual(
    report.events.map(({ type }) => type).filter((type) => /^p|progress/.test(type)),
    ["plan", "piece", "step-progress", "piece-failed"],
  );
});

test("tasks in turn all run, and what failed is one error at the end", async (t) => {
  const report = fakeReport();
  const task = (title: string, error?: Error) => ({
    host: "node1",
    title,
    run: async () => {
      if (error !== undefined) throw error;
    },
  });
  const tasks = [task("one", new Error("no")), task("two")];
  const { signal } = new AbortController();
  await t.throwsAsync(runTasksInTurn("homes", tasks, report, signal), { message: "no" });
  const lines = report.events.map(plainLine).filter((line) => line !== undefined);
  t.regex(lines.join("\n"), /one {2}FAILED[^]*two {2}done/);
});

test("an interruption lets no further task start", async (t) => {
  const interrupt = new AbortController();
  const report = fakeReport();
  const tasks = ["one", "two"].map((title) => ({
    host: "node1",
    title,
    run: async () => interrupt.abort(),
  }));
  await runTasksInTurn("homes", tasks, report, interrupt.signal);
  t.is(report.events.filter(({ type }) => type === "step-started").length, 1);
});
