import test from "ava";
import { waitUntil } from "../../src/wait.js";
import { classIn, guestOf } from "./support/class.js";
import { workshop } from "./support/lab.js";
import { buildUserImage } from "./support/user-image.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// Servers from an image with the traits of those that people use.
const lab = await warmClass("e2e-images", { machines: 2, memory: 2304 });
const image = await buildUserImage(lab, "healthcheck");
const shop = await workshop(
  lab,
  `name: warm
manager: node1
workers: [node2]
storage: {device: /dev/ubdb, quota: 100M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${image}", memory: 400M, cpu: 0.5}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`,
);
const { logIn, nodeOf, containerOf } = classIn(lab);

test.before(() => changeTo(shop));

test.after.always(async () => {
  await lab.lab("down");
});

test.serial("the health check of an image does not end the servers of its users", async (t) => {
  // The same image as a service of its own shows that its check does end a task.
  const list = "docker service ps --no-trunc --format '{{.CurrentState}}' control";
  await lab.on(
    1,
    `docker service create -d --name control --constraint node.role==worker --restart-condition none ${image} sleep 600`,
  );
  const alice = await logIn("alice");
  t.teardown(() => alice.close());
  const { ready, output } = await alice.start();
  t.true(ready, output);
  const before = await containerOf("alice");
  await waitUntil(
    async () => (/^(Failed|Complete)/.test(await lab.on(1, list)) ? true : undefined),
    { deadline: 180_000, every: 2000, otherwise: () => new Error("the control runs on") },
  );
  // The server has run for as long as the control by now, and for longer than the check allows.
  t.is(await containerOf("alice"), before);
  t.is(await alice.statusOf("/user/alice/api"), 200);
  await lab.on(1, "docker service rm control");
});

test.serial(
  "a server has its user, its limits and its shared memory, and threads for its cores",
  async (t) => {
    const inServer = async (command: string): Promise<string> => {
      const node = guestOf(await nodeOf("alice"));
      return (
        await lab.on(node, `docker exec ${await containerOf("alice")} sh -c '${command}'`)
      ).trim();
    };
    t.is(await inServer("cat /sys/fs/cgroup/pids.max"), "200");
    t.is(await inServer("id -u; id -g"), "1000\n100");
    t.is(await inServer("df -B1M --output=size /dev/shm | tail -n 1"), "200");
    t.regex(await inServer("grep size /proc/1/limits"), /Max file size +10737418240 +10737418240 /);
    t.is(await inServer("grep NoNewPrivs /proc/1/status"), "NoNewPrivs:\t1", "Engine 25 or later");
    t.regex(await inServer("grep core /proc/1/limits"), /size +0 +0 /);
    t.is(await inServer("echo $OMP_NUM_THREADS $OPENBLAS_NUM_THREADS"), "1 1");
  },
);
