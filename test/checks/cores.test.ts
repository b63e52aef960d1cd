import test from "ava";
import { cores } from "../../src/checks/cores.js";
import { classOf } from "../support/class-of.js";
import { fakeConfig } from "../support/fakes.js";
import { contextOf, lines } from "./support/context.js";

const { servers } = fakeConfig();
const image = (name: string, cpu: number) => ({
  name,
  description: "",
  image: name,
  memory: servers.memory,
  cpu,
});

test("a machine with fewer cores than a server may use is named, and what each server gets", async (t) => {
  const cluster = classOf(3, { config: { servers: { ...servers, cpu: 3 } } });
  const some = {
    worker1: { processors: 4 },
    worker2: { processors: 1 },
    worker3: { processors: 2 },
  };
  t.deepEqual(lines(await cores.run(contextOf(cluster, { some }))), [
    "warning worker2: it has 1 core, fewer than `servers: cpu` (3), so each server of the class gets at most 1 core",
    "warning worker3: it has 2 cores, fewer than `servers: cpu` (3), so each server of the class gets at most 1 core",
  ]);
});

test("nothing is said if all machines that take users have enough cores", async (t) => {
  const cluster = classOf(2, { config: { servers: { ...servers, cpu: 2 } } });
  const context = contextOf(cluster, {
    facts: { processors: 2 },
    some: { manager: { processors: 1 } },
  });
  t.deepEqual(await cores.run(context), []);
});

test("with several images, the one with the most cores counts", async (t) => {
  const images = [image("Python", 1), image("Torch", 2)];
  const cluster = classOf(1, { config: { servers: { ...servers, cpu: 1, images } } });
  t.deepEqual(lines(await cores.run(contextOf(cluster, { facts: { processors: 1 } }))), [
    "warning worker1: it has 1 core, fewer than `servers: cpu` (2), so each server of the class gets at most 1 core",
  ]);
});
