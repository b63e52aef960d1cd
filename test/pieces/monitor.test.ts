import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import type { Facts } from "../../src/host/facts.js";
import { units } from "../../src/names.js";
import { paths } from "../../src/paths.js";
import { monitor } from "../../src/pieces/monitor.js";
import { layersProgram, reportProgram } from "../../src/pieces/monitor/programs.js";
import { layersUnit, monitorUnit, runRule } from "../../src/pieces/monitor/units.js";
import { classOf, describeSteps, machinesOf } from "../support/class-of.js";

const analyzer = "systemd-analyze";
const active = { [units.monitor]: "active", [units.layers]: "active" };
const filesWith = (words: string[]) => ({
  [paths.monitor]: reportProgram(),
  [paths.layers]: layersProgram(),
  [paths.monitorUnit]: monitorUnit(words),
  [paths.layersUnit]: layersUnit,
  [paths.runRule]: runRule,
});
const managerFiles = filesWith(["collect", "10.77.0.11", "10.77.0.12:20501"]);
const workerFiles = filesWith(["listen", "10.77.0.12:20501", "10.77.0.11"]);
const plan = (manager: Partial<Facts>, worker: Partial<Facts>) => {
  const cluster = classOf(1);
  return describeSteps(
    monitor.plan(cluster.config, machinesOf(cluster, {}, { manager, worker1: worker }), cluster),
  );
};

test("on blank machines both programs are written and started", (t) => {
  const all = Object.keys(managerFiles).join(", ");
  t.deepEqual(plan({}, {}), [
    `manager: start the monitor (${all})`,
    `worker1: start the monitor (${all})`,
  ]);
});

test("the rule is written last, so that a run that was cut off is continued", async (t) => {
  const cluster = classOf(0, { answers: [["systemctl restart", ""]] });
  const [step] = monitor.plan(cluster.config, machinesOf(cluster), cluster);
  await step?.run(() => {});
  const script = cluster.manager.asked[0] ?? "";
  const order = [
    `rm -f ${paths.runRule}`,
    ...Object.keys(managerFiles)
      .slice(0, 4)
      .map((path) => `mv -f ${path}.swarmhub-new ${path}`),
    "systemctl daemon-reload",
    "systemctl restart",
    `mv -f ${paths.runRule}.swarmhub-new`,
  ].map((text) => script.indexOf(text));
  t.false(order.includes(-1), script);
  t.deepEqual(
    order,
    order.toSorted((one, other) => one - other),
  );
  execFileSync("sh", ["-n"], { input: script.replace(/^script /, "") });
});

test("the manager connects to the workers, which listen for it, and then there is nothing to do", (t) => {
  t.deepEqual(
    plan({ files: managerFiles, units: active }, { files: workerFiles, units: active }),
    [],
  );
});

test("a program with another content is replaced and started anew, and one that has ended is started", (t) => {
  const changed = { ...workerFiles, [paths.monitor]: "#!/usr/bin/perl\n" };
  t.deepEqual(plan({ files: managerFiles, units: active }, { files: changed, units: active }), [
    `worker1: start the monitor (${paths.monitor})`,
  ]);
  const units_ = { ...active, [units.layers]: "failed" };
  t.deepEqual(plan({ files: managerFiles, units: active }, { files: workerFiles, units: units_ }), [
    "worker1: start the monitor",
  ]);
});

test("a worker that left is no longer asked by the manager", (t) => {
  const cluster = classOf(0);
  const machines = machinesOf(cluster, { files: managerFiles, units: active });
  t.deepEqual(describeSteps(monitor.plan(cluster.config, machines, cluster)), [
    `manager: start the monitor (${paths.monitorUnit})`,
  ]);
});

test("a storage server of its own is a machine too", (t) => {
  const cluster = classOf(1, { server: true });
  const steps = monitor.plan(cluster.config, machinesOf(cluster), cluster);
  t.true(describeSteps(steps).some((step) => step.startsWith("server: start the monitor")));
});

test("a single file that is left is enough to remove the monitor", (t) => {
  const cluster = classOf(1);
  const left = { worker1: { files: { [paths.runRule]: runRule } } };
  t.deepEqual(describeSteps(monitor.remove(machinesOf(cluster, {}, left), cluster)), [
    "worker1: remove the monitor",
  ]);
});

test("a nearly full machine is a problem that names who wrote most, and what to do", (t) => {
  const cluster = classOf(1);
  const disk = {
    path: "/var/lib/docker",
    bytes: 20 * 2 ** 30,
    freeBytes: 812 * 2 ** 20,
    freeForRoot: 2 ** 30,
    files: 1_000_000,
    freeFiles: 900_000,
  };
  const layers = [
    { user: "carol", bytes: 7.5 * 2 ** 30, files: null },
    { user: "dora", bytes: null, files: 1_200_000 },
    { user: "bob", bytes: null, files: null },
  ];
  const problems = (worker: Partial<Facts>) =>
    monitor.problems?.(machinesOf(cluster, {}, { worker1: worker }), cluster);
  t.deepEqual(
    problems({ dockerDisks: [disk], files: { [paths.largestLayers]: JSON.stringify(layers) } }),
    [
      "worker1: only 812 MB of 20 GB free in /var/lib/docker, so it gets no new servers; written outside the homes: carol 7.5 GB, dora 1.2M files, bob more files than could be counted; stop the server of carol on the hub's admin page, which removes these files; to see the address, type: swarmhub open",
    ],
  );
  const noFiles = { ...disk, freeBytes: 2 ** 33, freeFiles: 9000 };
  t.deepEqual(problems({ dockerDisks: [noFiles] }), [
    "worker1: only 9k of 1M files free in /var/lib/docker, so it gets no new servers; free some space on worker1; to see what is large: `sudo du -xh --max-depth=2 / | sort -h | tail`",
  ]);
  t.deepEqual(problems({ dockerDisks: [{ ...disk, freeBytes: 2 ** 33 }] }), []);
});

test("systemd accepts the units, and perl the programs without a warning", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "units-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const program of [reportProgram(), layersProgram()]) {
    const path = join(folder, "program");
    writeFileSync(path, program);
    execFileSync("perl", ["-wc", path], { stdio: ["ignore", "ignore", "pipe"] });
  }
  // Of the programs only the paths on a machine are in the units, and here there is nothing.
  const unitText = (text: string) => text.replace(/^ExecStart=\S+/m, "ExecStart=/bin/true");
  for (const [name, text] of [
    [units.monitor, monitorUnit(["collect", "10.77.0.11"])],
    [units.layers, layersUnit],
  ] as const) {
    const path = join(folder, name);
    writeFileSync(path, unitText(text));
    // Where there is no systemd, it has no output either.
    const { stderr } = spawnSync(analyzer, ["verify", "--man=no", path]);
    t.false(String(stderr ?? "").includes(name), String(stderr));
  }
});
