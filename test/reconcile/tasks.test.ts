import test from "ava";
import { sideBySide } from "../../src/reconcile/tasks.js";
import { plainLine } from "../../src/report/lines.js";
import { fakeReport } from "../support/fakes.js";

test("all are done at once, each to its end, and what each came to is told and answered", async (t) => {
  const report = fakeReport();
  let letGo = () => {};
  const second = new Promise<void>((done) => {
    letGo = done;
  });
  const ends = await sideBySide(
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
  t.deepEqual(ends, [
    { status: "fulfilled", value: 1 },
    { status: "rejected", reason: new Error("gone") },
  ]);
  const lines = report.events.map(plainLine).filter((line) => line !== undefined);
  t.regex(lines.join("\n"), /two {2}reach it {2}FAILED[^]*one {2}reach it {2}done/);
  t.deepEqual(
    report.events.map(({ type }) => type).filter((type) => /^p|progress/.test(type)),
    ["plan", "piece", "step-progress", "piece-failed"],
  );
});
