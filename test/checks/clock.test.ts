import test from "ava";
import { clock } from "../../src/checks/clock.js";
import { classOf } from "../support/class-of.js";
import { contextOf, lines } from "./support/context.js";

/** Hosts whose clocks are so many milliseconds ahead of ours; an answer takes `delay` in all. */
const found = async (ahead: readonly number[], delay = 0) => {
  let asked = 0;
  const world = { now: () => 1_000_000 + (asked++ < ahead.length ? 0 : delay) };
  const cluster = classOf(ahead.length - 1);
  for (const [index, host] of cluster.hosts.entries())
    host.run = async () => `${1_000_000 + delay / 2 + (ahead[index] ?? 0)}\n`;
  return clock.run(contextOf(cluster, { world }));
};

for (const [title, ahead, expected] of [
  ["clocks that agree", [0, 400], ["ok: all clocks agree within 0.4 s"]],
  ["a machine alone has nobody to agree with", [100], []],
  ["an operator whose own clock is wrong", [90_000, 90_000, 90_500], ["ok"]],
  [
    "of two, the one that disagrees with us too",
    [0, -60_000],
    ["error worker1: its clock is 60 s behind"],
  ],
  ["one ahead of many", [0, 0, 7500, 0], ["error worker2: its clock is 7.5 s ahead of"]],
  [
    "a manager alone that is far away",
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

test("an answer that took long proves no wrong clock", async (t) => {
  t.is((await found([0, 7000], 6000))[0]?.level, "ok");
});
