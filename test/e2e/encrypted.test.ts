import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { waitUntil } from "../../src/wait.js";
import { root } from "../support/root.js";
import { classIn } from "./support/class.js";
import { bootLab, workshop } from "./support/lab.js";
import type { User } from "./support/user.js";

// node1 is the manager, node2 the worker with users' servers. This machine reads the packets on node1's cable, first of a class
// whose overlay network is in clear text, so that the test is known to see it. Each test continues from the previous one.
const lab = await bootLab("e2e-encrypted", 2, 2048, { prepared: true });
const { swarmhub, folder } = await workshop(
  lab,
  `name: secret
manager: node1
workers: [node2]
storage: {device: /dev/ubdb, quota: 100M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${lab.image}", memory: 400M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"], own-images: docker.io/swarmhub}
`,
);
const { logIn, nodeOf, containerOf } = classIn(lab);
let anna: User;

test.after.always(async () => {
  await anna?.close();
  await lab.lab("down");
});

type Wire = { esp: number; vxlan: number; marked: number; largest: number };

/** What is on the wire while Anna's browser asks for pages whose address has a marker in it, and `meanwhile` is done. */
const onTheWire = async (
  meanwhile: () => Promise<void> = async () => {},
): Promise<Wire & { statuses: number[] }> => {
  const marker = "read-me-on-the-wire";
  const program = join(root, "test/e2e/support/wire.py");
  const argv = ["netns", "exec", lab.namespace, "python3", program, "tap1", "15", marker];
  const running = spawn("ip", argv, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  running.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(running, "close");
  await once(running.stderr, "data");
  const statuses: number[] = [];
  for (let count = 0; count < 5; count += 1)
    statuses.push(await anna.statusOf(`/user/anna/api?${marker}`));
  await meanwhile();
  await ended;
  return { ...(JSON.parse(said) as Wire), statuses };
};

const encrypt = async (isEncrypted: boolean): Promise<void> => {
  const path = join(folder, "swarmhub.yaml");
  const text = (await readFile(path, "utf8")).replace(/^swarm:.*\n/m, "");
  await writeFile(path, `${text}swarm: {encrypted: ${isEncrypted}}\n`);
};

const startServer = async (): Promise<string> => {
  await anna?.close();
  anna = await logIn("anna");
  const { ready, output } = await anna.start();
  if (!ready) return output;
  // Its first page gets the login of the server, without which it gives no files.
  await anna.readPage("/user/anna/lab");
  return nodeOf("anna");
};

const transferred = 300_000_000;
const send = `import socket
to, _ = socket.create_server(("", 9999)).accept()
for _ in range(${transferred / 1_000_000}): to.sendall(bytes(1000000))
to.close()`;
const receive = `import socket, sys, time
began, got = time.monotonic(), 0
end = socket.create_connection((sys.argv[1], 9999), 20)
while True:
  part = end.recv(1000000)
  if not part: break
  got += len(part)
print(got, time.monotonic() - began)`;

/** The seconds of processor time that a machine has spent since its start, without those for which it waited. */
const busySeconds = async (guest: number): Promise<number> => {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (
    await lab.on(guest, "head -n 1 /proc/stat")
  )
    .split(/\s+/)
    .map(Number);
  return (user + nice + system + irq + softirq) / 100;
};

/** What it takes to get bytes from Anna's server on node2 to the hub on node1, in megabytes each second and in processor time. */
const transfer = async (): Promise<string> => {
  const server = await containerOf("anna");
  const hub = (await lab.on(1, "docker ps -q -f name=hub.1")).trim();
  const network = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}";
  const [address] = (await lab.on(2, `docker inspect -f '${network}' ${server}`)).split(" ");
  const encoded = (text: string): string => Buffer.from(text).toString("base64");
  const python = (text: string, word = ""): string =>
    `python3 -c "import base64; exec(base64.b64decode('${encoded(text)}'))" ${word}`;
  await lab.on(2, `docker exec -d ${server} ${python(send)}`);
  const before = await Promise.all([1, 2].map(busySeconds));
  const output = await waitUntil(
    () =>
      lab.on(1, `docker exec ${hub} ${python(receive, address)}`).then(
        (text) => text.trim(),
        () => undefined,
      ),
    { deadline: 60_000, every: 1000, otherwise: () => new Error("nothing is sent") },
  );
  const after = await Promise.all([1, 2].map(busySeconds));
  const [got = 0, seconds = 0] = output.split(" ").map(Number);
  if (got !== transferred) throw new Error(`${got} bytes came`);
  const busy = after.map((each, index) => (each - (before[index] ?? 0)).toFixed(1));
  return `${(got / 1_000_000 / seconds).toFixed(1)} MB/s, processor time ${busy[0]} s on node1 and ${busy[1]} s on node2`;
};

const logTransfers = async (t: ExecutionContext): Promise<void> => {
  for (let time = 0; time < 3; time += 1) t.log(`${transferred} bytes: ${await transfer()}`);
};

test.serial("without the key, what users do can be read on the wire", async (t) => {
  const { code, stderr } = await swarmhub("up", "--yes");
  t.is(code, 0, stderr);
  t.is(await startServer(), "node2");
  const wire = await onTheWire();
  t.log(wire);
  t.true(wire.statuses.every((status) => status === 200));
  t.is(wire.esp, 0);
  t.true(wire.vxlan > 0 && wire.marked > 0);
  await logTransfers(t);
});

test.serial("the plan says what stops, and `up` makes the network anew once", async (t) => {
  await encrypt(true);
  const check = await swarmhub("check");
  t.log(check.stdout);
  t.is(check.stdout.match(/its kernel can encrypt the overlay network/g)?.length, 2);
  t.regex(check.stdout, /reaches .*IP protocol 50 \(ESP\)/);
  const plan = await swarmhub("plan");
  t.regex(
    plan.stdout,
    /make the overlay network secret-network anew \(encrypted; 1 running server of users will stop, homes stay; proxy, hub and edge start again\)/,
  );
  const { code, stderr } = await swarmhub("up", "--yes");
  t.log(stderr);
  t.is(code, 0, stderr);
  t.regex((await swarmhub("up")).stderr, /nothing had to change/);
  const status = await swarmhub("status");
  t.is(status.code, 0, status.stdout + status.stderr);
});

test.serial(
  "a server on the worker opens through the edge, and nothing of it can be read",
  async (t) => {
    t.is(await startServer(), "node2");
    const wire = await onTheWire();
    t.log(wire);
    t.true(wire.statuses.every((status) => status === 200));
    t.true(wire.esp > 0);
    t.is(wire.vxlan, 0);
    t.is(wire.marked, 0);
    for (const guest of [1, 2]) {
      const states = await lab.on(guest, "ip -s xfrm state");
      t.log(states);
      t.regex(states, /proto esp .* mode transport/);
      t.regex(states, /[1-9]\d*\(packets\)/);
    }
    await logTransfers(t);
  },
);

test.serial("1 MB passes, in packets that fit the interfaces", async (t) => {
  const container = await containerOf("anna");
  await lab.on(
    2,
    `docker exec ${container} sh -c 'head -c 1000000 /dev/zero | tr "\\0" x >/home/jovyan/big.txt'`,
  );
  const { largest, vxlan } = await onTheWire(async () => {
    const { status, body } = await anna.request("GET", "/user/anna/files/big.txt");
    t.is(status, 200);
    t.is(body.length, 1_000_000);
  });
  const mtu = Number(await lab.on(1, "cat /sys/class/net/vec0/mtu"));
  t.log(`the largest packet has ${largest} of ${mtu} bytes`);
  t.true(largest > 1000 && largest <= mtu);
  t.is(vxlan, 0);
});

test.serial("when others flush Docker's rules, nothing leaves in clear text", async (t) => {
  await lab.on(1, "iptables -w -t mangle -F OUTPUT");
  const wire = await onTheWire();
  t.log(wire);
  t.is(wire.vxlan, 0);
  t.is(wire.marked, 0);
  await lab.on(1, "systemctl restart docker");
  await waitUntil(
    async () => ((await anna.statusOf("/user/anna/api")) === 200 ? true : undefined),
    {
      deadline: 180_000,
      every: 3000,
      otherwise: () => new Error("the server does not open after a restart of Docker"),
    },
  );
});

test.serial("switching it off makes the network anew, in clear text", async (t) => {
  await encrypt(false);
  const { code, stderr } = await swarmhub("up", "--yes");
  t.log(stderr);
  t.is(code, 0, stderr);
  t.is(await startServer(), "node2");
  const wire = await onTheWire();
  t.log(wire);
  t.true(wire.vxlan > 0 && wire.marked > 0);
  t.is(wire.esp, 0);
});

test.serial(
  "over the system's ssh there is nothing to change, and `down` removes everything",
  async (t) => {
    const path = join(folder, "swarmhub.yaml");
    const before = await swarmhub("up");
    await writeFile(path, `${await readFile(path, "utf8")}ssh: system\n`);
    const { code, stderr, ms } = await swarmhub("up");
    t.log(`up with nothing to do took ${ms} ms, and ${before.ms} ms over ssh2`);
    t.is(code, 0, stderr);
    t.regex(stderr, /nothing had to change/);
    const status = await swarmhub("status");
    t.is(status.code, 0, status.stdout + status.stderr);
    t.is((await swarmhub("down", "--delete-homes", "--yes")).code, 0);
    t.is(await lab.on(1, "iptables -w -S | grep SWARMHUB || true"), "");
  },
);
