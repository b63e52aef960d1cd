import test from "ava";
import { waitUntil } from "../../src/wait.js";
import { classIn } from "./support/class.js";
import { workshop } from "./support/lab.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// A user of a class with one worker fills its disk from a notebook.
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

test.serial(
  "on a full machine no server starts, status names who filled it, and commands are refused",
  async (t) => {
    await inCarolsServer("fallocate -l 100G /tmp/x");
    const full = await statusWhen(/monitor +differs: node2: only .* carol \d/);
    t.is(full.code, 6);
    const dave = await logIn("dave");
    const { ready, output } = await dave.start();
    t.false(ready);
    t.regex(output, /No server can start because the disk of each machine is full \(node2\)/);
    const { code, stderr } = await shop.swarmhub("up", "--yes");
    t.is(code, 3, stderr);
    t.regex(stderr, /node2: its disk is full: .*carol/);
    await dave.close();
  },
);

test.serial("when that server is stopped the machine has room again", async (t) => {
  const carol = await logIn("carol");
  await carol.stop();
  await carol.close();
  t.is((await statusWhen(/monitor +up to date/)).code, 0);
  const dave = await logIn("dave");
  t.true((await dave.start()).ready);
  await dave.close();
});
