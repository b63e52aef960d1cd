import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { networkName } from "../../src/names.js";
import { waitUntil } from "../../src/wait.js";
import { standInImage } from "../bench/light-server.js";
import { stormHub } from "../bench/login-burst-hub.js";
import { type Arrival, arrive } from "../bench/simulated-student.js";
import { classIn } from "./support/class.js";
import { roomPassword, workshop } from "./support/lab.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// Many log in at once, and in the middle something dies: each ends with a server or a sentence, and nobody leaves a ghost.
const lab = await warmClass("e2e-storm", { machines: 3, memory: 2304 });
const image = await standInImage(lab);
const yamlOf = (servers: string): string => `name: warm
manager: node1
workers: [node2, node3]
storage: {device: /dev/ubdb, quota: 60M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${image}", ${servers}}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`;
const shop = await workshop(lab, yamlOf("memory: 64M"));
const { swarmhub, folder } = shop;
const hub = await stormHub(lab);
const { arrive: enter, goesDown, nodeOf } = classIn(lab);
const site = { address: `https://${lab.reachedAt(1)}`, password: roomPassword };
const patient = { deadline: 420_000, reloads: 140 };

const plain = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);

/** All come at once; the blow falls when a third of them have a service. Answers what each came to. */
const storm = async (
  t: ExecutionContext,
  users: readonly string[],
  blow: () => Promise<unknown>,
): Promise<Arrival[]> => {
  const coming = Promise.all(users.map((user) => arrive(site, user, patient)));
  await waitUntil(
    async () => {
      const services = (await hub.started()).filter(({ name }) => name.startsWith("nb-"));
      return services.length * 3 >= users.length ? true : undefined;
    },
    { deadline: 120_000, otherwise: () => new Error("nobody's server starts") },
  );
  await blow();
  return settled(t, await coming);
};

/** Each has a server or has read a sentence, and two minutes later there is no ghost; then all servers are stopped. */
const settled = async (t: ExecutionContext, arrivals: Arrival[]): Promise<Arrival[]> => {
  const longest = Math.max(...arrivals.map(({ begun, answered = begun }) => answered - begun));
  const reloads = arrivals.filter((arrival) => arrival.reloads > 0).length;
  const servers = arrivals.filter(({ answered }) => answered !== undefined).length;
  t.log(
    `${servers} of ${arrivals.length} have a server; the longest waited ${Math.round(longest / 1000)} s; ${reloads} loaded the page anew`,
  );
  for (const { user, sentence } of arrivals)
    if (sentence !== undefined) t.log(`${user} reads: ${sentence}`);
  t.deepEqual(
    arrivals.flatMap(({ user, failure }) => (failure === undefined ? [] : [`${user}: ${failure}`])),
    [],
  );
  t.deepEqual(await hub.ghosts(), []);
  await hub.stopAll();
  return arrivals;
};

const killServiceOf = (name: string) => () =>
  lab.on(1, `docker kill $(docker ps -q -f label=com.docker.swarm.service.name=${name})`);

/** Whoever read a sentence, and which. */
const refusedOf = (arrivals: readonly Arrival[]): Record<string, string> =>
  Object.fromEntries(
    arrivals.flatMap(({ user, sentence }) => (sentence === undefined ? [] : [[user, sentence]])),
  );

test.before(() => changeTo(shop));

test.after.always(() => lab.lab("down"));

test.serial("the proxy alone is started anew, and whose server ran before goes on", async (t) => {
  const person = await enter("ada");
  t.true((await person.start()).ready);
  const answers = async () => ((await person.status("/user/ada/api")) === 200 ? true : undefined);
  const addresses = () =>
    lab.on(
      1,
      "docker exec $(docker ps -q -f label=com.docker.swarm.service.name=edge) grep -A1 '^  upstream swarmhub-proxy {' /dev/shm/swarmhub/nginx.conf",
    );
  t.true(await answers());
  const before = await addresses();
  await killServiceOf("proxy")();
  const begun = performance.now();
  await waitUntil(async () => ((await answers()) === true ? undefined : true), {
    deadline: 30_000,
    every: 50,
    otherwise: () => new Error("the proxy is not away"),
  });
  await waitUntil(answers, {
    deadline: 90_000,
    otherwise: () => new Error("nobody answers again"),
  });
  t.log(`answered again ${Math.round(performance.now() - begun)} ms after the proxy was killed`);
  const after = await addresses();
  for (const text of [before, after]) t.regex(text, /server \d+\.\d+\.\d+\.\d+:8000 /);
  t.log(
    `nginx asked at ${before.match(/[\d.]+:8000/)?.[0]}, and asks at ${after.match(/[\d.]+:8000/)?.[0]}`,
  );
  await person.stop();
  await person.leave();
});

test.serial("the hub is killed in the middle, under people of all kinds of names", async (t) => {
  const odd = ["a".repeat(63), "Zoë.Example+class@example.org", "🦊", "x y", "nb-hub", "../../etc"];
  const arrivals = await storm(t, [...odd, ...plain("hub", 24)], killServiceOf("hub"));
  t.deepEqual(Object.keys(refusedOf(arrivals)), ["../../etc"]);
});

test.serial("the proxy is killed in the middle", async (t) => {
  const arrivals = await storm(t, plain("proxy", 30), killServiceOf("proxy"));
  t.deepEqual(refusedOf(arrivals), {});
});

test.serial("Docker is started anew on a worker in the middle", async (t) => {
  await storm(t, plain("docker", 30), () => lab.on(2, "systemctl restart docker"));
});

test.serial("a worker's plug is pulled in the middle", async (t) => {
  const arrivals = await storm(t, plain("worker", 30), async () => {
    await lab.lab("kill", "3");
    await goesDown("node3");
    // Back before anybody gives up, as a machine that starts anew is.
    await lab.lab("boot", "3");
  });
  t.deepEqual(refusedOf(arrivals), {});
});

test.serial("the manager's plug is pulled in the middle", async (t) => {
  await storm(t, plain("manager", 20), async () => {
    await lab.lab("kill", "1");
    await lab.lab("boot", "1");
  });
});

test.serial("the class's network has no address left for most of them", async (t) => {
  // A task has its address before a machine is looked for, so no container is needed to take all of a subnet.
  const filler = `docker service create -d --name filler --network ${networkName} --endpoint-mode dnsrr --constraint node.labels.nowhere==yes --replicas 600 ${image}`;
  await lab.on(1, filler);
  await waitUntil(
    async () => {
      const states = await lab.on(1, "docker service ps --format '{{.CurrentState}}' filler");
      return states.split("\n").length > 590 && !states.includes("Allocated") ? true : undefined;
    },
    { deadline: 120_000, every: 2000, otherwise: () => new Error("the network is not filled") },
  );
  try {
    const arrivals = await Promise.all(
      plain("address", 6).map((user) => arrive(site, user, patient)),
    );
    for (const [user, sentence] of Object.entries(refusedOf(arrivals)))
      t.regex(sentence, /network has no free address/, user);
    await settled(t, arrivals);
  } finally {
    await lab.on(1, "docker service rm filler");
  }
});

test.serial("a worker that lost its image cannot fetch it", async (t) => {
  const [registry = ""] = lab.registry.split(":");
  await lab.on(
    3,
    `iptables -I OUTPUT -d ${registry} -j REJECT; docker image ls -q ${image.split(":")[0]} | xargs -r docker image rm -f`,
  );
  try {
    const arrivals = await Promise.all(
      plain("image", 20).map((user) => arrive(site, user, patient)),
    );
    for (const [user, sentence] of Object.entries(refusedOf(arrivals)))
      t.regex(sentence, /notebook image cannot be downloaded/, user);
    await settled(t, arrivals);
  } finally {
    await lab.on(3, `iptables -D OUTPUT -d ${registry} -j REJECT`);
  }
});

test.serial("two tabs of one person are one server", async (t) => {
  const arrivals = await Promise.all(["ada", "ada"].map((user) => arrive(site, user)));
  const servers = (await hub.started()).filter(({ name }) => name === "nb-ada");
  t.is(servers.length, 1);
  await settled(t, arrivals);
});

test.serial("somebody starts and stops fifty times", async (t) => {
  const person = await enter("sisyphus");
  const times: number[] = [];
  for (let turn = 1; turn <= 50; turn += 1) {
    const { ready, told, ms } = await person.start();
    t.true(ready, `${turn}: ${told}`);
    times.push(ms);
    await person.stop();
  }
  await person.leave();
  t.log(`the slowest start took ${Math.max(...times)} ms`);
  t.deepEqual(await hub.ghosts(), []);
});

test.serial(
  "a class that packs fills one machine before the next, and moves on from one that dies",
  async (t) => {
    await writeFile(join(folder, "swarmhub.yaml"), yamlOf("memory: 600M, strategy: pack"));
    const { code, stderr } = await swarmhub("up", "--yes");
    t.is(code, 0, stderr);
    const users = plain("pack", 4);
    const people = await Promise.all(users.map(enter));
    const on: string[] = [];
    for (const [index, person] of people.entries()) {
      const { ready, told } = await person.start();
      t.true(ready, told);
      on.push(await nodeOf(users[index] ?? ""));
    }
    t.log(on.join(" "));
    const [first = ""] = on;
    const full = on.lastIndexOf(first) + 1;
    t.true(full >= 2 && full < 4, "one machine is full, and the next has begun");
    t.deepEqual(on, [...Array<string>(full).fill(first), ...on.slice(full)]);
    t.false(on.slice(full).includes(first));
    // Who sits on the machine that has room for no more than it has is started again where there is room.
    await people[0]?.stop();
    const [other = ""] = on.slice(full);
    await lab.lab("kill", other.replace("node", ""));
    await goesDown(other);
    t.is(await nodeOf(users[full] ?? ""), first);
    await lab.lab("boot", other.replace("node", ""));
    t.deepEqual(await hub.ghosts(), []);
    await hub.stopAll();
    await Promise.all(people.map((person) => person.leave()));
  },
);

test.serial("the class is as it should be", async (t) => {
  const { code, stdout, stderr } = await swarmhub("status");
  t.is(code, 0, stdout + stderr);
});
