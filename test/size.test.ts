import test from "ava";
import { formatSize } from "../src/size.js";

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
