import test from "ava";
import { clock } from "../../src/checks/clock.js";
import { classOf } from "../support/class-of.js";
import { contextOf, lines } from "./support/context.js";

/** The findings for hosts whose clocks are so many milliseconds ahead of ours; `delay` is the round trip. */
const found = async (ahead: readonly number[], delay = 0) => {
  let calls = 0;
  const operator = { now: () => 1_000_000 + (calls++ < ahead.length ? 0 : delay) };
  const cluster = classOf(ahead.length - 1);
  for (const [index, host] of cluster.hosts.entries())
    host.run = async () => `${1_000_000 + delay / 2 + (ahead[index] ?? 0)}\n`;
  return clock.run(contextOf(cluster, { operator }));
};

for (const [title, ahead, expected] of [
  ["clocks that agree", [0, 400], ["ok: all clocks agree within 0.4 s"]],
  ["a single machine has no clock to compare with", [100], []],
  ["an operator whose own clock is wrong", [90_000, 90_000, 90_500], ["ok"]],
  [
    "of two, the one that also differs from ours",
    [0, -60_000],
    ["error worker1: its clock is 60 s behind"],
  ],
  ["one ahead of many", [0, 0, 7500, 0], ["error worker2: its clock is 7.5 s ahead of"]],
  [
    "a single manager that is far off",
    [600_000],
    ["warning manager: its clock is 600 s ahead of yours"],
  ],
] as const)
  test(`clocks: ${title}`, async (t) => {
    const said = lines(await found(ahead));
    t.is(said.length, expected.length);
    for (const [index, start] of expected.entries())
      t.true(said[index]?.startsWith(start), said[index]);
  });

test("a slow answer does not prove a wrong clock", async (t) => {
  t.is((await found([0, 7000], 6000))[0]?.level, "ok");
});
