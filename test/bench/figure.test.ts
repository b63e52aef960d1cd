import test from "ava";
import { markdown, median, percentile, seconds } from "./figure.js";

test("a figure has its ratio, and a missed goal is also a line below the table", (t) => {
  const text = markdown("2026-11-21", [
    {
      bench: "P3",
      what: "20 calls",
      ours: 1050,
      other: { name: "dockerode", ms: 10_500 },
      goal: { atMost: 1100 },
    },
    {
      bench: "P1",
      what: "first cell",
      ours: 330_000,
      other: { name: "by hand", ms: 250_000 },
      goal: { ratio: 1.2 },
    },
    { bench: "P1", what: "without a comparison", ours: 5 },
  ]);
  t.is(
    text,
    `**2026-11-21**

|  | what | swarmhub | compared with | ratio | goal |  |
| --- | --- | --- | --- | --- | --- | --- |
| P3 | 20 calls | 1.05 s | dockerode: 10.5 s | 0.10× | ≤ 1.10 s | met |
| P1 | first cell | 5 min 30 s | by hand: 4 min 10 s | 1.32× | ≤ 1.20× | **missed** |
| P1 | without a comparison | 5 ms |  |  |  |  |

Missed:
- P1, first cell: 1.32× of by hand, goal ≤ 1.20×
`,
  );
});

test("without a missed goal the text says so", (t) => {
  t.regex(
    markdown("", [{ bench: "", what: "", ours: 1, goal: { atMost: 1 } }]),
    /Every goal is met\.\n$/,
  );
});

test("the median is the middle one, or between the middle two", (t) => {
  t.is(median([3, 1, 2]), 2);
  t.is(median([4, 1, 3, 2]), 2.5);
  t.is(median([7]), 7);
});

test("a percentile is one of the numbers, and the highest of few", (t) => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  t.is(percentile(hundred, 50), 50);
  t.is(percentile(hundred, 99), 99);
  t.is(percentile([3, 1, 2], 99), 3);
  t.is(percentile([7], 0), 7);
  t.is(percentile([], 99), Number.NaN);
});

test("a time has the unit that fits its size", (t) => {
  t.deepEqual([3.44, 9.97, 84.4, 2310, 52_340, 312_000].map(seconds), [
    "3.4 ms",
    "10 ms",
    "84 ms",
    "2.31 s",
    "52.3 s",
    "5 min 12 s",
  ]);
});
