import test from "ava";
import { system } from "../../src/checks/system.js";
import { factsFrom } from "../../src/host/facts/parse.js";
import { classOf } from "../support/class-of.js";
import { contextOf, lines } from "./support/context.js";

const run = (...[cluster, options]: Parameters<typeof contextOf>) =>
  system.run(contextOf(cluster, { ...options, facts: { kernel: "6.12", ...options?.facts } }));

test("a kernel with all features is reported with those that its machine needs", async (t) => {
  const found = lines(await run(classOf(1, { server: true })));
  t.is(found.length, 3);
  t.regex(
    found[0] ?? "",
    /^ok manager: .*Linux 6\.12 with overlay, VXLAN, bridge filter, NFS client$/,
  );
  t.regex(found[1] ?? "", /^ok worker1: .*NFS client$/);
  t.regex(found[2] ?? "", /^ok server: .*with NFS server, XFS(, XFS quota)?$/);
});

for (const [module, host] of [
  ["overlay", "worker1"],
  ["vxlan", "worker1"],
  ["br_netfilter", "worker1"],
  ["nfsv4", "worker1"],
  ["nfsd", "manager"],
  ["xfs", "manager"],
] as const)
  test(`a machine without ${module} is an error with the package to install`, async (t) => {
    const some = { [host]: { missingModules: [module] } };
    const found = await run(classOf(1), { some });
    const errors = found.filter(({ level }) => level === "error");
    t.is(errors.length, 1);
    t.is(errors[0]?.host, host);
    t.true(errors[0]?.text.includes(`module ${module}`));
    t.regex(errors[0]?.hint ?? "", /apt-get install linux-/);
  });

test("a feature that a worker does not need is not missed", async (t) => {
  const found = await run(classOf(1), { some: { worker1: { missingModules: ["nfsd", "xfs"] } } });
  t.true(found.every(({ level }) => level === "ok"));
});

test("XFS without quota is an error on the storage host only", async (t) => {
  const xfsFeatures = "SGI XFS with ACLs, security attributes, no debug enabled";
  const found = await run(classOf(1), { facts: { xfsFeatures } });
  t.deepEqual(
    found.map(({ host, level }) => `${host} ${level}`),
    ["manager error", "worker1 ok"],
  );
});

test("on Ubuntu the hint names its package of extra modules", async (t) => {
  const found = await run(classOf(0), {
    facts: {
      system: { id: "ubuntu", like: ["debian"], version: "24.04", name: "Ubuntu 24.04" },
      missingModules: ["nfsd"],
    },
  });
  t.is(found[0]?.hint?.split(",")[0], "sudo apt-get install linux-modules-extra-6.12");
});

test("the facts have XFS's features", (t) => {
  t.is(factsFrom("\n\u001exfs\nSGI XFS with quota\n").xfsFeatures, "SGI XFS with quota");
});
