import test from "ava";
import { columns, cut, pad } from "../../src/text/width.js";

test("wide characters take two columns, combining ones none", (t) => {
  const widths = ["abc", "日本", "e\u0301", "👩‍🔬", "❤️", "한글", "ｆ", "─", "\u200b"].map(columns);
  t.deepEqual(widths, [3, 4, 1, 2, 2, 4, 2, 1, 0]);
});

test("a cut never splits a character and never exceeds the width", (t) => {
  t.is(cut("swarmhub", 8), "swarmhub");
  t.is(cut("swarmhub", 5), "swar…");
  t.is(cut("日本語", 5), "日本…");
  t.is(cut("日本語", 4), "日…");
  t.is(cut("e\u0301e\u0301e\u0301", 2), "e\u0301…");
  t.is(cut("👩‍🔬👩‍🔬", 3), "👩‍🔬…");
  t.is(cut("anything", 0), "");
});

test("a megabyte is cut with 100 ms of processor time", (t) => {
  // The best of five: other tests of the same process, and its compiler, use it too.
  const times = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    t.is(cut("x".repeat(1_000_000), 80).length, 80);
    return process.cpuUsage(before).user;
  });
  t.true(Math.min(...times) < 100_000, "in microseconds");
});

test("padding counts columns, not characters", (t) => {
  t.is(pad("日本", 6), "日本  ");
  t.is(pad("longer", 2), "longer");
});
