import test from "ava";
import { percentile } from "../bench/figure.js";
import { simulateLogin } from "../bench/simulated-student.js";
import { classIn } from "./support/class.js";
import { roomPassword, workshop } from "./support/lab.js";
import { probe, works } from "./support/probe.js";
import { buildUserImages } from "./support/user-image.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// A class of thirty begins at once, with an image like those of docker-stacks, whose health check ends servers that start slowly.
const lab = await warmClass("e2e-thirty", { machines: 3, memory: 3072 });
const { stacks } = await buildUserImages(lab, ["stacks"]);
const shop = await workshop(
  lab,
  `name: warm
manager: node1
workers: [node2, node3]
storage: {device: /dev/ubdb, quota: 60M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${stacks}", memory: 200M}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`,
);
const { nodeOf } = classIn(lab);
const students = Array.from({ length: 30 }, (_, index) => `student-${index + 1}`);

type RoomJson = { taken: number; people: { name: string; state: string }[] };

const room = async (): Promise<RoomJson> => {
  const { stdout, stderr } = await shop.swarmhub("room", "--json");
  try {
    return JSON.parse(stdout) as RoomJson;
  } catch {
    throw new Error(`swarmhub room: ${stdout}${stderr}`);
  }
};

test.before(() => changeTo(shop));

test.after.always(() => lab.lab("down"));

test.serial("thirty people log in at once and each gets a server", async (t) => {
  const results = await Promise.all(
    students.map((user) =>
      simulateLogin(
        { address: `https://${lab.reachableAddress(1)}`, password: roomPassword },
        user,
        {
          deadline: 600_000,
          reloads: 3,
        },
      ),
    ),
  );
  t.deepEqual(
    results.flatMap(({ user, message, failure }) =>
      message === undefined && failure === undefined ? [] : [`${user}: ${message ?? failure}`],
    ),
    [],
  );
  const times = results.map(({ started, answered = Infinity }) => answered - started);
  const [half, most] = [percentile(times, 50), percentile(times, 95)];
  t.log(`ready after ${half} ms (median), ${most} ms (p95), ${Math.max(...times)} ms (worst)`);
});

test.serial("all of them run at the same time, each in its first container", async (t) => {
  const { taken, people } = await room();
  t.is(taken, students.length);
  t.deepEqual(
    people.filter(({ state }) => state !== "running").map(({ name, state }) => `${name} ${state}`),
    [],
  );
  const failed = await lab.on(
    1,
    "docker service ls -q -f label=swarmhub.user | xargs docker service ps --no-trunc --format '{{.DesiredState}} {{.Name}} {{.CurrentState}} {{.Error}}' | grep -v '^Running ' || true",
  );
  t.is(failed, "");
});

test.serial("on each machine, a server runs a cell and saves a notebook", async (t) => {
  const users = new Map<string, string>();
  for (const user of students) users.set(await nodeOf(user), user);
  t.is(users.size, 3);
  for (const user of users.values())
    t.deepEqual(await probe(lab, user, "new.ipynb"), { ...works, opened: 404, saved: 201 }, user);
});
