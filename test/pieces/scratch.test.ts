import test from "ava";
import { scratchSettings } from "../../src/cluster/scratch.js";
import type { Bytes } from "../../src/config/types.js";
import type { Facts } from "../../src/host/facts.js";
import { paths } from "../../src/paths.js";
import { packages } from "../../src/pieces/packages.js";
import { scratch } from "../../src/pieces/scratch.js";
import { mountUnit, needUnit } from "../../src/pieces/scratch/script.js";
import { classOf, describeSteps, machinesOf } from "../support/class-of.js";
import { fakeConfig } from "../support/fakes.js";

const gibibyte = 2 ** 30;
const limit = 4 * gibibyte;
const config = { servers: { ...fakeConfig().servers, scratch: limit as Bytes } };
const blank: Partial<Facts> = { packages: {}, freeForHomes: 100 * gibibyte, memory: 4 * gibibyte };
const settings = (more: object = {}): string =>
  JSON.stringify({ ...more, ...scratchSettings(limit) });
const files: Record<string, string> = {
  [paths.scratchNote]: `# Written\nlimit ${limit}\nseen ${limit}\n`,
  [paths.scratchMount]: mountUnit,
  [paths.scratchNeed]: needUnit,
  [paths.dockerConfiguration]: settings(),
};
const plan = (cluster: ReturnType<typeof classOf>, facts: Partial<Facts>) =>
  describeSteps(scratch.plan(cluster.config, machinesOf(cluster, facts), cluster));

test("machines that take users get the limit, and XFS's tools with Docker; others do not", (t) => {
  const cluster = classOf(1, { config });
  t.deepEqual(plan(cluster, blank), [
    "worker1: limit what each server writes outside its home to 4 GB (Docker's data goes to a file of 18 GB, /var/lib/swarmhub/scratch.xfs)",
  ]);
  const machines = machinesOf(cluster, { packages: {} });
  t.deepEqual(describeSteps(packages.plan(cluster.config, machines, cluster)), [
    "manager: install docker.io, nfs-kernel-server, xfsprogs",
    "worker1: install docker.io, xfsprogs",
  ]);
  t.deepEqual(plan(classOf(1), blank), []);
});

test("a machine that has the limit keeps it, whatever the configuration says later", (t) => {
  for (const cluster of [classOf(1, { config }), classOf(1)])
    t.deepEqual(plan(cluster, { files }), []);
});

test("what somebody removed is written again, for Docker's next start", (t) => {
  const cluster = classOf(1, { config });
  const { [paths.scratchNeed]: _need, ...others } = files;
  const changed = { ...others, [paths.dockerConfiguration]: '{"debug": true}' };
  t.deepEqual(plan(cluster, { files: changed }), [
    `worker1: restore the limit of what servers write (${paths.scratchNeed}, ${paths.dockerConfiguration}; for Docker's next start)`,
  ]);
});

test("a limit that was not looked for is looked for", (t) => {
  const note = `# Written\nlimit ${limit}\n`;
  t.deepEqual(plan(classOf(1, { config }), { files: { ...files, [paths.scratchNote]: note } }), [
    "worker1: look for the limit in a container",
  ]);
});

test("`down` takes the settings out of daemon.json and keeps those of others", async (t) => {
  const cluster = classOf(1, { config, answers: [["set -e", ""]] });
  const [worker] = cluster.workers;
  const run = async (content: string): Promise<string> => {
    const some = { worker1: { files: { ...files, [paths.dockerConfiguration]: content } } };
    const [step] = scratch.remove(machinesOf(cluster, {}, some), cluster);
    t.is(step?.title, "restore Docker's storage settings");
    await step?.run(() => {});
    return worker?.asked.at(-1) ?? "";
  };
  t.regex(await run(settings()), /rm -f \/etc\/docker\/daemon\.json$/);
  const kept = await run(settings({ debug: true }));
  t.regex(kept, /"debug": true/);
  t.notRegex(kept, /overlay2/);
});

test("what could not be set up is said, and the run goes on", async (t) => {
  const cluster = classOf(1, { config, answers: [["mkfs.xfs", "failed mount: no loop\n"]] });
  const [step] = scratch.plan(cluster.config, machinesOf(cluster, blank), cluster);
  t.deepEqual(await step?.run(() => {}), { note: "not possible here: mount: no loop" });
});
