import { writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { type Lab, bootLab, roomPassword, workshop } from "../e2e/support/lab.js";
import { buildLightServer } from "./light-server.js";
import { type HubInspector, burstClass, hubInspector } from "./login-burst-hub.js";
import { type LoginBurst, burstTable, countWithoutServer, waitTime } from "./login-burst-report.js";
import type { Report } from "./measure-no-op.js";
import type { Benchmark } from "./progress.js";
import { simulateLogin } from "./simulated-student.js";

/** A kind of server: the number of logins at once (limited by the seats), and its configuration under `servers`. */
type Kind = {
  bench: string;
  what: string;
  maximum: number;
  servers: (image: string) => string;
  goal?: number;
};

const kinds: Record<"p4a" | "p4b", Kind> = {
  p4a: {
    bench: "P4a",
    what: "light server",
    maximum: 50,
    servers: (image) => `{image: "${image}", memory: 64M}`,
    goal: 0.6,
  },
  p4b: {
    bench: "P4b",
    what: "JupyterLab",
    maximum: 50,
    servers: (image) => `{image: "${image}", memory: 400M, guarantee: 160M}`,
  },
};

/** P4: all users log in at once through the edge, with cold caches and the image on the machines; ours, then the stock SwarmSpawner. */
export const measureLoginBursts = async (
  wanted: readonly Benchmark[],
  keep: boolean,
  report: Report,
): Promise<void> => {
  const lab = await bootLab("bench-storm", 3, 3072, { prepared: true });
  try {
    const { folder, swarmhub } = await workshop(lab, "");
    const hub = await hubInspector(lab);
    const lightServer = await buildLightServer(lab);
    for (const kind of (["p4a", "p4b"] as const).filter((each) => wanted.includes(each))) {
      await report.attempt(`${kinds[kind].bench}: ${kinds[kind].what}`, async () => {
        const image = kind === "p4a" ? lightServer : lab.image;
        const yaml = yamlOf(lab, kinds[kind].servers(image));
        await writeFile(join(folder, "swarmhub.yaml"), yaml);
        const up = await swarmhub("up", "--yes");
        if (up.code !== 0) throw new Error(`swarmhub up: ${up.stderr}`);
        await compare(lab, hub, kinds[kind], report);
      });
      report.finish(kind);
    }
  } finally {
    if (!keep) await lab.lab("down");
  }
};

/** By default SwarmSpawner gives up after a minute, so that it is also measured with this timeout; seconds. */
const longTimeout = 900;

const compare = async (
  lab: Lab,
  hub: HubInspector,
  kind: Kind,
  { add, note }: Report,
): Promise<void> => {
  const count = Math.min(kind.maximum, await hub.seats());
  const what = `${count} logins at once, ${kind.what}`;
  // Each result is printed at once: the next run takes as long, and may fail.
  const run = async (prefix: string, name: string): Promise<LoginBurst> => {
    const burst = await runBurst(lab, hub, prefix, count);
    note(`P4: ${what}, ${name}`, burstTable(burst));
    return burst;
  };
  const ours = await run("ours", "swarmhub");
  await hub.useStock();
  const stock = await run("stock", "stock SwarmSpawner");
  await hub.useStock(longTimeout);
  const patient = await run("patient", `stock SwarmSpawner that waits for ${longTimeout} s`);
  await hub.useOurs();
  const figure = (share: number, name: string, other: LoginBurst) => ({
    bench: kind.bench,
    what: `${what}, p${share * 100}`,
    ours: waitTime(ours, share),
    other: { name, ms: waitTime(other, share) },
  });
  const goal = kind.goal === undefined ? {} : { goal: { ratio: kind.goal } };
  const byDefault = `stock SwarmSpawner, ${countWithoutServer(stock)} of ${count} without a server`;
  const withTimeout = `the same with start_timeout=${longTimeout}, ${countWithoutServer(patient)} without`;
  add([
    figure(0.5, byDefault, stock),
    { ...figure(0.95, byDefault, stock), ...goal },
    figure(0.5, withTimeout, patient),
    { ...figure(0.95, withTimeout, patient), ...goal },
  ]);
  if (countWithoutServer(ours) + ours.orphans.length > 0)
    throw new Error(
      `${countWithoutServer(ours)} got no server, ${ours.orphans.length} orphans are left`,
    );
};

const runBurst = async (
  lab: Lab,
  hub: HubInspector,
  prefix: string,
  count: number,
): Promise<LoginBurst> => {
  // Otherwise the second run would find in memory the files that the first run had to read.
  for (const guest of [1, 2, 3]) await lab.on(guest, "sync; echo 3 >/proc/sys/vm/drop_caches");
  const site = { address: `https://${lab.address(1)}`, password: roomPassword };
  const users = Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
  const before = await hub.cpuSeconds();
  const results = await Promise.all(users.map((user) => simulateLogin(site, user)));
  const cpu = (await hub.cpuSeconds()) - before;
  const [load = Number.NaN] = loadavg();
  const services = await hub.serviceTimes();
  const orphans = await hub.orphans();
  await hub.stopAll();
  return { results, services, cpu, orphans, load };
};

const yamlOf = (lab: Lab, servers: string): string => `name: ${burstClass}
manager: node1
workers: [node2, node3]
storage: {device: /dev/ubdb, quota: 60M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: ${servers}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`;
