import test from "ava";
import { waitUntil } from "../../src/wait.js";
import { classIn } from "./support/class.js";
import { workshop } from "./support/lab.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// A user of a class with one worker fills its disk from a notebook. Docker was there before swarmhub, so servers have no limit.
const lab = await warmClass("e2e-full", { machines: 2, memory: 1536 });
const shop = await workshop(
  lab,
  `name: warm
manager: node1
workers: [node2]
storage: {device: /dev/ubdb, quota: 60M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${lab.image}", memory: 400M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`,
);
const { logIn, containerOf } = classIn(lab);

test.before(() => changeTo(shop));

test.after.always(() => lab.lab("down"));

const inCarolsServer = async (command: string): Promise<string> =>
  lab.on(2, `docker exec $(docker ps -q -f name=nb-carol) ${command} 2>&1 || true`);
const statusWhen = (pattern: RegExp): Promise<{ code: number; stdout: string }> =>
  waitUntil(
    async () => {
      const status = await shop.swarmhub("status");
      return pattern.test(status.stdout) ? status : undefined;
    },
    { deadline: 120_000, every: 3000, otherwise: () => new Error(`status never has ${pattern}`) },
  );

test.serial("no user's server can reach the monitor of a machine", async (t) => {
  const carol = await logIn("carol");
  t.true((await carol.start()).ready);
  await containerOf("carol");
  const program = `import socket; socket.create_connection(("${lab.address(2)}", 20501), 4)`;
  t.regex(await inCarolsServer(`python3 -c '${program}'`), /timed out|refused/);
  await carol.close();
});

const swarmhubUp = () => shop.swarmhub("up", "--yes");
const fillerOf = (megabytes: number): string =>
  `rm -f /var/filler; free=$(df -B1 --output=avail /var/lib/docker | tail -n 1); fallocate -l $((free - ${megabytes} * 1048576)) /var/filler`;

test.serial(
  "on a nearly full machine no server starts, and status names who wrote most",
  async (t) => {
    await inCarolsServer("fallocate -l 600M /tmp/x");
    await lab.on(2, fillerOf(800));
    const full = await statusWhen(/monitor +differs: node2: only .* carol \d/);
    t.is(full.code, 6);
    const dave = await logIn("dave");
    const { ready, output } = await dave.start();
    t.false(ready);
    t.regex(output, /No server can start because the disk of each machine is full \(node2\)/);
    await dave.close();
    await lab.on(2, "rm -f /var/filler");
    t.is((await statusWhen(/monitor +up to date/)).code, 0);
  },
);

test.serial(
  "a server that fills the disk is ended within seconds, and its user and status read why",
  async (t) => {
    const dave = await logIn("dave");
    t.true((await dave.start()).ready);
    const before = await containerOf("dave");
    // No single file may be larger than 10 GB.
    await inCarolsServer(
      "sh -c 'i=0; while fallocate -l 1G /tmp/y$i; do i=$((i+1)); done; cat /dev/zero >/tmp/rest'",
    );
    const { stdout } = await statusWhen(
      /node2: the disk was full, so the server of carol was ended at .* UTC; it had written [\d.]+ GB outside its home/,
    );
    t.regex(stdout, /node2: a server may fill the disk, and is then ended \(no limit: /);
    t.is((await statusWhen(/monitor +up to date/)).code, 0);
    t.is(await containerOf("dave"), before, "others keep their servers");
    const carol = await logIn("carol");
    await waitUntil(
      async () =>
        /filled the disk of its machine, so it was ended/.test(await carol.readPage("/hub/home")) ||
        undefined,
      { deadline: 120_000, every: 3000, otherwise: () => new Error("carol is not told why") },
    );
    await carol.close();
    await dave.close();
  },
);

test.serial("commands are refused on a disk that others than users filled", async (t) => {
  await lab.on(2, `${fillerOf(0)} || true; cat /dev/zero >/var/filler2 2>/dev/null || true`);
  const { code, stderr } = await swarmhubUp();
  t.is(code, 3, stderr);
  t.regex(stderr, /node2: its disk is full/);
  await lab.on(2, "rm -f /var/filler /var/filler2");
  t.is((await swarmhubUp()).code, 0);
});
