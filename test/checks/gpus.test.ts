import test from "ava";
import { gpus } from "../../src/checks/gpus.js";
import { seats } from "../../src/checks/seats.js";
import { paths } from "../../src/paths.js";
import { classOf } from "../support/class-of.js";
import { fakeConfig } from "../support/fakes.js";
import { contextOf, lines } from "./support/context.js";

const docker = (settings: object) => ({
  files: { [paths.dockerConfiguration]: JSON.stringify(settings) },
});
const two = { "node-generic-resources": ["NVIDIA-GPU=GPU-1", "NVIDIA-GPU=GPU-2"] };
const classWith = (count?: number) =>
  classOf(2, {
    config: { servers: { ...fakeConfig().servers, ...(count !== undefined && { gpus: count }) } },
  });

test("a class without GPUs says nothing about them", async (t) => {
  t.deepEqual(await gpus.run(contextOf(classWith())), []);
});

test("a class whose machines have too few GPUs for one server is an error", async (t) => {
  const [only, ...more] = await gpus.run(contextOf(classWith(4), { facts: docker(two) }));
  t.is(only?.level, "error");
  t.is(only?.text, "no machine offers 4 GPUs for a server");
  t.regex(
    only?.hint ?? "",
    /NVIDIA-GPU in "node-generic-resources" .* sudo systemctl restart docker$/,
  );
  t.deepEqual(more, []);
});

test("a machine without a GPU, and one that does not show its GPUs to servers, are warnings", async (t) => {
  const facts = { memory: 8 * 2 ** 30 };
  const some = { worker1: docker(two), worker2: {} };
  const context = contextOf(classWith(1), { facts, some });
  t.deepEqual(lines(await gpus.run(context)), [
    "warning worker1: nvidia is not the default runtime of its Docker, so servers do not see their GPU",
    "warning worker2: it offers 0 GPUs, and a server needs 1, so it takes no users",
  ]);
  t.regex(lines(await seats.run(context)).join(), /^ok: 2 seats: 1 × 8 GB with 2 GPUs, /);
  const right = docker({ ...two, "default-runtime": "nvidia" });
  t.deepEqual(await gpus.run(contextOf(classWith(1), { facts: right })), []);
});
