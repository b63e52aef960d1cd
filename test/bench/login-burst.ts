import { writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { type Lab, bootLab, roomPassword, workshop } from "../e2e/support/lab.js";
import { standInImage } from "./light-server.js";
import { type StormHub, stormClass, stormHub } from "./login-burst-hub.js";
import { type Storm, lostIn, stormTable, waited } from "./login-burst-report.js";
import type { Book } from "./measure-no-op.js";
import { arrive } from "./simulated-student.js";

/** What starts: how many at once (at most as many as there are seats), and what servers.* says. */
type Kind = { what: string; most: number; servers: (image: string) => string; goal?: number };

const kinds: Record<"p4a" | "p4b", Kind> = {
  p4a: {
    what: "light stand-in",
    most: 50,
    servers: (image) => `{image: "${image}", memory: 64M}`,
    goal: 0.6,
  },
  p4b: {
    what: "JupyterLab",
    most: 50,
    servers: (image) => `{image: "${image}", memory: 400M, guarantee: 160M}`,
  },
};

/** P4: all log in at once through the front door, cold, the image on the machines; ours, then the stock SwarmSpawner. */
export const measureStorms = async (
  wanted: readonly (keyof typeof kinds)[],
  keep: boolean,
  book: Book,
): Promise<void> => {
  const lab = await bootLab("bench-storm", 3, 3072, { prepared: true });
  try {
    const shop = await workshop(lab, "");
    const hub = await stormHub(lab);
    const standIn = await standInImage(lab);
    for (const kind of wanted)
      await book.attempt(`P4: ${kinds[kind].what}`, async () => {
        const image = kind === "p4a" ? standIn : lab.image;
        const yaml = yamlOf(lab, kinds[kind].servers(image));
        await writeFile(join(shop.folder, "swarmhub.yaml"), yaml);
        const up = await shop.swarmhub("up", "--yes");
        if (up.code !== 0) throw new Error(`swarmhub up: ${up.stderr}`);
        await compare(lab, hub, kinds[kind], book);
      });
  } finally {
    if (!keep) await lab.lab("down");
  }
};

/** As it comes SwarmSpawner gives most of them up after a minute, so it is also told to wait. */
const patience = 900;
// seconds

const compare = async (lab: Lab, hub: StormHub, kind: Kind, { add, note }: Book): Promise<void> => {
  const count = Math.min(kind.most, await hub.seats());
  const what = `${count} logins at once, ${kind.what}`;
  // Each is said at once: what follows takes as long again, and may fail.
  const run = async (whose: string, name: string): Promise<Storm> => {
    const seen = await storm(lab, hub, whose, count);
    note(`P4: ${what}, ${name}`, stormTable(seen));
    return seen;
  };
  const ours = await run("ours", "swarmhub");
  await hub.useStock();
  const stock = await run("stock", "stock SwarmSpawner");
  await hub.useStock(patience);
  const patient = await run("patient", `stock SwarmSpawner that waits for ${patience} s`);
  await hub.useOurs();
  const figure = (share: number, name: string, other: Storm) => ({
    bench: "P4",
    what: `${what}, p${share * 100}`,
    ours: waited(ours, share),
    other: { name, ms: waited(other, share) },
  });
  const goal = kind.goal === undefined ? {} : { goal: { ratio: kind.goal } };
  const asItComes = `stock SwarmSpawner, ${lostIn(stock)} of ${count} without a server`;
  const told = `the same with start_timeout=${patience}, ${lostIn(patient)} without`;
  add([
    figure(0.5, asItComes, stock),
    { ...figure(0.95, asItComes, stock), ...goal },
    figure(0.5, told, patient),
    { ...figure(0.95, told, patient), ...goal },
  ]);
  if (lostIn(ours) + ours.ghosts.length > 0)
    throw new Error(`${lostIn(ours)} got no server, ${ours.ghosts.length} ghosts are left`);
};

const storm = async (lab: Lab, hub: StormHub, whose: string, count: number): Promise<Storm> => {
  // Who comes second would find in memory what the first had to read.
  for (const guest of [1, 2, 3]) await lab.on(guest, "sync; echo 3 >/proc/sys/vm/drop_caches");
  const site = { address: `https://${lab.address(1)}`, password: roomPassword };
  const users = Array.from({ length: count }, (_, index) => `${whose}${index + 1}`);
  const before = await hub.seconds();
  const arrivals = await Promise.all(users.map((user) => arrive(site, user)));
  const cpu = (await hub.seconds()) - before;
  const [load = Number.NaN] = loadavg();
  const started = await hub.started();
  const ghosts = await hub.ghosts();
  await hub.stopAll();
  return { arrivals, started, cpu, ghosts, load };
};

const yamlOf = (lab: Lab, servers: string): string => `name: ${stormClass}
manager: node1
workers: [node2, node3]
storage: {device: /dev/ubdb, quota: 60M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: ${servers}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`;
