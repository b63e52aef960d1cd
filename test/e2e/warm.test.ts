import { setTimeout as pause } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { serviceName } from "../../src/names.js";
import { serviceLabel } from "../../src/swarm/tasks.js";
import { waitUntil } from "../../src/wait.js";
import { percentile } from "../bench/figure.js";
import { buildLightServer } from "../bench/light-server.js";
import { burstClass } from "../bench/login-burst-hub.js";
import { simulateLogin } from "../bench/simulated-student.js";
import { classIn } from "./support/class.js";
import { roomPassword, workshop } from "./support/lab.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// The servers of a class are started before its users come: how long a login takes then, and without; and a manager that was off.
const lab = await warmClass("e2e-warm", { machines: 3, memory: 2304 });
const image = await buildLightServer(lab);
const shop = await workshop(
  lab,
  `name: ${burstClass}
manager: node1
workers: [node2, node3]
storage: {device: /dev/ubdb, quota: 60M}
login: {shared-password: from-env ROOM_PASSWORD, teachers: [grace]}
servers: {image: "${image}", memory: 64M}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`,
);
const { swarmhub } = shop;
const { nodes } = classIn(lab);
const site = { address: `https://${lab.reachableAddress(1)}`, password: roomPassword };
// The teacher has another password, and only the students log in.
const students = Array.from({ length: 12 }, (_, index) => `warm-${index + 1}`);

type RoomJson = {
  taken: number;
  people: { name: string; state: string; warm?: boolean }[];
};

const room = async (): Promise<RoomJson> =>
  JSON.parse((await swarmhub("room", "--json")).stdout) as RoomJson;

/** Waits until something is so in the room; the hub may just be restarting. */
const waitForRoom = (what: string, isSo: (found: RoomJson) => boolean): Promise<true> => {
  let last: unknown;
  return waitUntil(
    async () => {
      try {
        const found = await room();
        last = found;
        return isSo(found) || undefined;
      } catch (error) {
        last = error; // no room, but a message that the hub does not answer
        return undefined;
      }
    },
    {
      deadline: 300_000,
      every: 2000,
      otherwise: () =>
        new Error(`${what}: ${last instanceof Error ? last.message : JSON.stringify(last)}`),
    },
  );
};

const stopAll = async (): Promise<void> => {
  await lab.on(1, "docker service ls -q -f label=swarmhub.user | xargs -r docker service rm");
  await waitForRoom("servers still run", ({ taken }) => taken === 0);
};

const areWarm = ({ people }: RoomJson): boolean =>
  students.every((name) =>
    people.some((each) => each.name === name && each.state === "running" && each.warm === true),
  );

/** All students log in, spread over ten seconds; answers the 95th percentile of the time to an answer of the server (ms). */
const logInAll = async (t: ExecutionContext, what: string): Promise<number> => {
  const results = await Promise.all(
    students.map(async (user, index) => {
      await pause((index * 10_000) / students.length);
      return simulateLogin(site, user, { deadline: 300_000 });
    }),
  );
  const times = results.flatMap(({ started, answered }) =>
    answered === undefined ? [] : [answered - started],
  );
  t.deepEqual(
    results.flatMap(({ user, message, failure }) =>
      message === undefined && failure === undefined ? [] : [`${user}: ${message ?? failure}`],
    ),
    [],
  );
  const [half, most] = [percentile(times, 50), percentile(times, 95)];
  t.log(
    `${what}: an answer of the server after ${half} ms (median), ${most} ms (p95), ${Math.max(...times)} ms (worst)`,
  );
  return most;
};

test.before(() => changeTo(shop));

test.after.always(() => lab.lab("down"));

test.serial("a login to a warm server is several times faster than a cold start", async (t) => {
  await logInAll(t, "cold, with new homes");
  await stopAll();
  const cold = await logInAll(t, "cold");
  await stopAll();
  const began = performance.now();
  const { code, stdout, stderr } = await swarmhub("warm");
  t.is(code, 0, stdout + stderr);
  // The teacher's server too, although the teacher has never logged in.
  t.regex(stdout, /^13 of 13 ready$/m);
  t.log(`swarmhub warm took ${Math.round((performance.now() - began) / 1000)} s`);
  t.true(areWarm(await room()));
  const status = await swarmhub("status");
  t.regex(status.stdout, /^warm start for .*: 13 of 13 ready$/m);
  // A server counts as visited by use half a minute after it was ready (VISIT_AFTER in hub/swarmhub/warm/keeper.py).
  await pause(30_000);
  const warm = await logInAll(t, "warm");
  t.true(warm <= 3000, `p95 is ${warm} ms`);
  t.true(warm * 2 < cold, `warm ${warm} ms, cold ${cold} ms`);
  await waitForRoom("a visited server counts as warm", ({ people }) =>
    people.every((each) => each.name === "grace" || each.warm !== true),
  );
  await stopAll();
});

test.serial("a warm start that was planned is caught up by a manager that was off", async (t) => {
  // A full minute ahead, and at least so long that the manager is off before the start begins.
  const lead = 180_000 + 13 * 10_000;
  const at = new Date(Math.ceil((Date.now() + lead + 45_000) / 60_000) * 60_000);
  const two = (number: number): string => String(number).padStart(2, "0");
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const { code, stderr } = await swarmhub(
    "warm",
    "--at",
    `${date} ${two(at.getHours())}:${two(at.getMinutes())}`,
  );
  t.is(code, 0, stderr);
  await lab.lab("kill", "1");
  await pause(at.getTime() - lead - Date.now() + 5000);
  await lab.lab("boot", "1");
  await waitUntil(async () => ((await nodes()).length === 3 ? true : undefined), {
    deadline: 180_000,
    every: 2000,
    otherwise: () => new Error("the manager does not come back"),
  });
  await waitForRoom("the warm start is not caught up", areWarm);
  t.log(`ready ${Math.round((at.getTime() - Date.now()) / 1000)} s before its time`);
  // Once: a hub that starts again starts nobody who has left.
  await stopAll();
  await lab.on(
    1,
    `docker kill $(docker ps -q -f label=${serviceLabel(serviceName(burstClass, "hub"))})`,
  );
  await pause(30_000);
  await waitForRoom("servers started twice", ({ taken }) => taken === 0);
});
