import test from "ava";
import { gpusOf, showsGpus } from "../../src/cluster/gpus.js";
import { seatsOf, seatsText } from "../../src/cluster/seats.js";
import { paths } from "../../src/paths.js";
import { classOf, machinesOf } from "../support/class-of.js";
import { fakeConfig } from "../support/fakes.js";

const gibibyte = 2 ** 30;
const offering = (...resources: unknown[]) => ({
  files: { [paths.dockerConfiguration]: JSON.stringify({ "node-generic-resources": resources }) },
});

test("the GPUs of a machine are those that its Docker lists, one by one or as a number", (t) => {
  t.is(gpusOf({ files: {} }), 0);
  t.is(gpusOf(offering("NVIDIA-GPU=GPU-45cbf7b", "NVIDIA-GPU=GPU-9a1b")), 2);
  t.is(gpusOf(offering("NVIDIA-GPU=4", "FPGA=2")), 4);
  t.is(gpusOf(offering("NVIDIA-GPU=GPU-1, NVIDIA-GPU=GPU-2", 7, null)), 2);
  t.is(gpusOf({ files: { [paths.dockerConfiguration]: "no json" } }), 0);
});

test("servers see GPUs where nvidia is the default runtime", (t) => {
  const withRuntime = (name: string) => ({
    files: { [paths.dockerConfiguration]: JSON.stringify({ "default-runtime": name }) },
  });
  t.true(showsGpus(withRuntime("nvidia")));
  t.false(showsGpus(withRuntime("runc")));
  t.false(showsGpus({ files: {} }));
});

test("a seat needs the GPUs of a server as well as its memory", (t) => {
  const config = { servers: { ...fakeConfig().servers, gpus: 2 } };
  const cluster = classOf(3, { config });
  const machines = machinesOf(
    cluster,
    { memory: 4 * gibibyte },
    {
      worker1: offering("NVIDIA-GPU=4"),
      worker2: { ...offering("NVIDIA-GPU=16"), memory: 2 * gibibyte },
      worker3: {},
    },
  );
  t.is(seatsOf(cluster, machines), 3, "two by GPUs, one by memory, none");
  t.is(
    seatsText(cluster, machines),
    "3 seats: 1 × 4 GB with 4 GPUs, 1 × 2 GB with 16 GPUs, 1 × 4 GB with 0 GPUs at 1 GB and 2 GPUs, 512 MB of each reserved for the system",
  );
});
