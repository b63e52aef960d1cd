import test from "ava";
import { builtInNotebook } from "../../src/rehearsal/notebook.js";
import type { CellEnd, Kernel } from "../../src/rehearsal/person/kernel.js";
import type { Lab } from "../../src/rehearsal/person/lab.js";
import { emptyResult } from "../../src/rehearsal/person/result.js";
import { workUntil } from "../../src/rehearsal/person/work.js";

const minute = 60_000;
const answer = {
  url: new URL("http://class.example/"),
  status: 200,
  location: undefined,
  body: "",
  bytes: 0,
  ms: 7,
};

/** Somebody who works for some minutes by a clock that only pauses advance. */
const working = async (
  minutes: number,
  { cells = [], stopAfter = Infinity }: { cells?: CellEnd[]; stopAfter?: number } = {},
) => {
  let now = 0;
  const stopping = new AbortController();
  const asked: { at: number; what: string }[] = [];
  const note = (what: string): number => asked.push({ at: now / 1000, what });
  const call: Lab["call"] = (method, path) => {
    note(`${method} ${path}`);
    return Promise.resolve(answer);
  };
  const lab = { call } as Lab;
  const run: Kernel["run"] = () => {
    note("cell");
    return Promise.resolve(cells.shift() ?? { kind: "ok" });
  };
  const clock = {
    now: () => now,
    pause: (ms: number) => {
      now += ms;
      if (now >= stopAfter) stopping.abort();
      return Promise.resolve();
    },
  };
  const result = emptyResult("Rehearsal-1", 0);
  const plan = { until: minutes * minute, signal: stopping.signal, result, clock };
  const end = await workUntil(lab, { run, close: () => {} }, builtInNotebook(), plan);
  const at = (what: string) => asked.filter((each) => each.what === what).map((each) => each.at);
  return { end, now, asked, at, result };
};

test("somebody who works runs a cell each 30 s and saves the notebook each 2 min", async (t) => {
  const { end, now, at, result } = await working(6);
  t.deepEqual(end, { kind: "ok" });
  t.is(now, 6 * minute);
  t.deepEqual(
    at("cell"),
    Array.from({ length: 12 }, (_, index) => 20 + 30 * index),
  );
  const saved = [110, 230, 350];
  t.deepEqual(at("PUT api/contents/rehearsal.ipynb"), saved);
  t.deepEqual(at("POST api/contents/rehearsal.ipynb/checkpoints"), saved);
  t.is(result.times.save.length, 3);
});

test("somebody who works asks as often as an open tab: 60 times in a minute, 24 of them for the memory", async (t) => {
  const { asked, at } = await working(1);
  t.is(asked.filter(({ what }) => what !== "cell").length, 60);
  t.is(at("GET api/metrics/v1").length, 24);
  t.deepEqual(at("GET api/sessions"), [0, 10, 20, 30, 40, 50]);
});

test("a kernel that ends in a cell ends the work, and so does the signal", async (t) => {
  const ended = await working(6, { cells: [{ kind: "ok" }, { kind: "ended" }] });
  t.deepEqual([ended.end, ended.now], [{ kind: "ended" }, 50_000]);
  const stopped = await working(6, { stopAfter: 25_000 });
  t.deepEqual([stopped.end, stopped.now, stopped.at("cell")], [{ kind: "ok" }, 25_000, [20]]);
});
