import test from "ava";
import { diskSpace } from "../../src/checks/disk-space.js";
import { seatHosts } from "../../src/checks/seats.js";
import type { Config } from "../../src/config/types.js";
import { classOf } from "../support/class-of.js";
import { fakeConfig } from "../support/fakes.js";
import { contextOf, lines } from "./support/context.js";

const gibibyte = 2 ** 30;
const withMemory = (bytes: number): Partial<Config> => ({
  servers: { ...fakeConfig().servers, memory: bytes as Config["servers"]["memory"] },
});

test("seats are counted over the machines that take users", async (t) => {
  const cluster = classOf(2, { config: withMemory(900 * 2 ** 20) });
  const context = contextOf(cluster, { facts: { memory: 16 * gibibyte } });
  t.deepEqual(lines(await seatHosts.run(context)), [
    "ok: 34 seats: 2 × 16 GB at 900 MB, 512 MB of each reserved for the system",
  ]);
});

test("a seat is what is kept free for a server, not what it may use", async (t) => {
  const { servers = fakeConfig().servers } = withMemory(2 * gibibyte);
  const guarantee = gibibyte as Config["servers"]["memory"];
  const cluster = classOf(2, { config: { servers: { ...servers, guarantee } } });
  const context = contextOf(cluster, { facts: { memory: 16 * gibibyte } });
  t.deepEqual(lines(await seatHosts.run(context)), [
    "ok: 30 seats: 2 × 16 GB at 1 GB, 512 MB of each reserved for the system",
  ]);
});

test("a machine too small for a server is pointed out while others have room", async (t) => {
  const context = contextOf(classOf(2), {
    facts: { memory: 4 * gibibyte },
    some: { worker2: { memory: gibibyte } },
  });
  t.deepEqual(lines(await seatHosts.run(context)), [
    "warning worker2: its memory (1 GB) is too small for a server of 1 GB, so it takes no users",
    "ok: 3 seats: 1 × 4 GB, 1 × 1 GB at 1 GB, 512 MB of each reserved for the system",
  ]);
});

test("a class without a seat is an error", async (t) => {
  const [only, ...more] = await seatHosts.run(
    contextOf(classOf(0), { facts: { memory: gibibyte } }),
  );
  t.is(only?.level, "error");
  t.regex(only?.text ?? "", /^no seats: 1 × 1 GB of memory is too little/);
  t.deepEqual(more, []);
});

for (const [free, docker, level] of [
  [20 * gibibyte, "inactive", "ok"],
  [4 * gibibyte, "inactive", "warning"],
  [gibibyte / 2, "inactive", "error"],
  [gibibyte / 2, "active", "warning"],
] as const)
  test(`${free / gibibyte} GB free on a machine whose Docker is ${docker}: ${level}`, async (t) => {
    const facts = { freeOnRoot: free, units: { "docker.service": docker } };
    const found = await diskSpace.run(contextOf(classOf(0), { facts }));
    t.deepEqual(
      found.map((each) => each.level),
      [level],
    );
  });
