import test from "ava";
import {
  bytesFrom,
  bytesText,
  daysFrom,
  durationFrom,
  filesFrom,
} from "../../../src/config/values/units.js";
import { accepts, adviceAbout } from "../support/accepts.js";

accepts("a size", bytesFrom, {
  good: ["500M", "1.5G", "5G", "1024T", "64K"],
  bad: [
    ..."5 5GB 5g -5G +5G G 1e3M 1,5G 5G5 1025T 999999999T .5G 5.G 0x5G 5P ∞G ٥G".split(" "),
    "",
    "5 G",
    "5G\n",
  ],
});

accepts("a duration", durationFrom, {
  good: ["30s", "10m", "1.5h", "2d"],
  bad: ["", "30", "30 s", "-1s", "1h30m", "1w", "1e9s"],
});

accepts("a number of files", filesFrom, {
  good: ["1k", "200k", "1.5M", "5000", "1000M"],
  bad: ["", "0", "999", "1.5", "0.9k", "200K", "2G", "-1k", "1e6", "1001M", "200 k", "²00k"],
});

accepts("a number of days", daysFrom, {
  good: ["1d", "30d", "3650d"],
  bad: ["", "0d", "30", "1.5d", "3651d", "12h", "-1d", "30d\n"],
});

test("files are counted in 1000s and trash in days", (t) => {
  t.deepEqual(["200k", "1.001k", "1.5M", "5000"].map(filesFrom), [200_000, 1001, 1_500_000, 5000]);
  t.is(daysFrom("30d"), 30);
});

test("sizes are counted in 1024s and durations in milliseconds", (t) => {
  t.is(Number(bytesFrom("1G")), 2 ** 30);
  t.is(Number(bytesFrom("1.5G")), 1.5 * 2 ** 30);
  t.is(Number(bytesFrom("500M")), 500 * 2 ** 20);
  t.is(Number(durationFrom("1.5h")), 5_400_000);
});

test("a size is printed as in the file", (t) => {
  const sizes = [2 ** 30, 1.5 * 2 ** 30, 153 * 2 ** 20, 2 ** 40, 4096];
  t.deepEqual(sizes.map(bytesText), ["1G", "1.5G", "153M", "1T", "4K"]);
});

test("the advice about a common mistake in a size is the corrected size", (t) => {
  for (const mistake of ["5GB", "5 G", "5g", "5GiB", " 5 gib "])
    t.regex(adviceAbout(bytesFrom, mistake), /; did you mean "5G"\?$/, mistake);
});
