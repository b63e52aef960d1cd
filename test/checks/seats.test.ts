import test from "ava";
import { seats } from "../../src/checks/seats.js";
import type { Config } from "../../src/config/types.js";
import { classOf } from "../support/class-of.js";
import { fakeConfig } from "../support/fakes.js";
import { contextOf, lines } from "./support/context.js";

const gibibyte = 2 ** 30;
const withMemory = (bytes: number): Partial<Config> => ({
  servers: { ...fakeConfig().servers, memory: bytes as Config["servers"]["memory"] },
});

test("seats are counted on the machines that take users", async (t) => {
  const cluster = classOf(2, { config: withMemory(900 * 2 ** 20) });
  const context = contextOf(cluster, { facts: { memory: 16 * gibibyte } });
  t.deepEqual(lines(await seats.run(context)), [
    "ok: 34 seats: 2 × 16 GB at 900 MB, 512 MB of each reserved for the system",
  ]);
});

test("a seat is a server's guaranteed memory, not its limit", async (t) => {
  const { servers = fakeConfig().servers } = withMemory(2 * gibibyte);
  const guarantee = gibibyte as Config["servers"]["memory"];
  const cluster = classOf(2, { config: { servers: { ...servers, guarantee } } });
  const context = contextOf(cluster, { facts: { memory: 16 * gibibyte } });
  t.deepEqual(lines(await seats.run(context)), [
    "ok: 30 seats: 2 × 16 GB at 1 GB, 512 MB of each reserved for the system",
  ]);
});

test("a machine too small for a server is a warning if others have seats", async (t) => {
  const context = contextOf(classOf(2), {
    facts: { memory: 4 * gibibyte },
    some: { worker2: { memory: gibibyte } },
  });
  t.deepEqual(lines(await seats.run(context)), [
    "warning worker2: its memory (1 GB) is too small for a server of 1 GB, so it takes no users",
    "ok: 3 seats: 1 × 4 GB, 1 × 1 GB at 1 GB, 512 MB of each reserved for the system",
  ]);
});

test("a class without a seat is an error", async (t) => {
  const [only, ...more] = await seats.run(contextOf(classOf(0), { facts: { memory: gibibyte } }));
  t.is(only?.level, "error");
  t.regex(only?.text ?? "", /^no seats: 1 × 1 GB of memory is too little/);
  t.deepEqual(more, []);
});

test("an image that fits on no machine is an error", async (t) => {
  const image = (name: string, memory: number) => ({
    name,
    description: "",
    image: name,
    memory: (memory * gibibyte) as Config["servers"]["memory"],
    cpu: 1,
  });
  const images = [image("Python", 1), image("Torch", 8)];
  const config = { servers: { ...fakeConfig().servers, images } };
  const facts = { memory: 8 * gibibyte };
  const [tooLarge, ...more] = await seats.run(contextOf(classOf(2, { config }), { facts }));
  t.is(tooLarge?.level, "error");
  t.is(
    tooLarge?.text,
    "the image Torch needs servers of 8 GB, for which no machine has enough memory (2 × 8 GB)",
  );
  t.deepEqual(
    more.map(({ level }) => level),
    ["ok"],
  );
  const guarantee = (6 * gibibyte) as Config["servers"]["memory"];
  const guaranteed = { servers: { ...config.servers, guarantee } };
  const found = await seats.run(contextOf(classOf(2, { config: guaranteed }), { facts }));
  t.deepEqual(
    found.map(({ level }) => level),
    ["ok"],
  );
});

test("a group whose servers fit on no machine is an error with its place", async (t) => {
  const login = {
    ...fakeConfig().login,
    groupServers: {
      staff: { memory: (8 * gibibyte) as Config["servers"]["memory"], images: [], claims: [] },
    },
  };
  const facts = { memory: 8 * gibibyte };
  const [tooLarge] = await seats.run(contextOf(classOf(2, { config: { login } }), { facts }));
  t.regex(tooLarge?.text ?? "", /^the group staff needs servers of 8 GB/);
  t.regex(tooLarge?.hint ?? "", /this group in `login: groups`/);
});
