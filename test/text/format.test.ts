import test from "ava";
import { duration, formatSize, plural, printable } from "../../src/text/format.js";

test("a duration is a number with its unit", (t) => {
  const texts = [-5, 0, 449, 9_940, 9_960, 59_400, 59_600, 125_000, 3_600_000].map(duration);
  t.deepEqual(texts, [
    "0.0 s",
    "0.0 s",
    "0.4 s",
    "9.9 s",
    "10 s",
    "59 s",
    "1 min 00 s",
    "2 min 05 s",
    "60 min 00 s",
  ]);
});

test("text from another machine cannot control the terminal", (t) => {
  t.is(
    printable("\u001b[31mred\u001b[0m \u001b]0;title\u0007\r\nnext\tcolumn\u0000"),
    "red next column",
  );
  t.is(printable("a\u202Egnp.exe\u2028b\u009b2J"), "a gnp.exe b", "no change of direction either");
  t.is(printable("Grüße 日本 👩‍🔬"), "Grüße 日本 👩‍🔬");
});

test("every number but one has the plural", (t) => {
  t.deepEqual(
    [0, 1, 2].map((n) => plural(n, "host")),
    ["0 hosts", "1 host", "2 hosts"],
  );
});

for (const [bytes, text] of [
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1 KB"],
  [1.5 * 2 ** 30, "1.5 GB"],
  [20 * 2 ** 30, "20 GB"],
  [123.4 * 2 ** 20, "123 MB"],
  [2 ** 60, "1024 PB"],
] as const)
  test(`${bytes} bytes are ${text}`, (t) => {
    t.is(formatSize(bytes), text);
  });
