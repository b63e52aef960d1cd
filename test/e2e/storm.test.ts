import test, { type ExecutionContext } from "ava";
import { until } from "../../src/until.js";
import { standInImage } from "../bench/stand-in.js";
import { stormHub } from "../bench/storm-hub.js";
import { arrive, type Arrival } from "../bench/student.js";
import { bootLab, roomPassword, workshop } from "./machines.js";

// Many log in at once, and in the middle something dies: each ends with a server or a sentence, and nobody leaves a ghost.
const lab = await bootLab("e2e-storm", 3, 2304, { prepared: true });
const { swarmhub } = await workshop(
  lab,
  `name: storm
manager: node1
workers: [node2, node3]
storage: {device: /dev/ubdb, quota: 60M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${await standInImage(lab)}", memory: 64M}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`,
);
const hub = await stormHub(lab);
const site = { address: `https://${lab.address(1)}`, password: roomPassword };

const plain = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);

/** All come at once; the blow falls when a third of them have a service. Answers what each came to. */
const storm = async (
  t: ExecutionContext,
  users: readonly string[],
  blow: () => Promise<unknown>,
): Promise<Arrival[]> => {
  const coming = Promise.all(
    users.map((user) => arrive(site, user, { deadline: 300_000, reloads: 100 })),
  );
  await until(
    async () => {
      const services = (await hub.started()).filter(({ name }) => name.startsWith("nb-"));
      return services.length * 3 >= users.length ? true : undefined;
    },
    { deadline: 120_000, otherwise: () => new Error("nobody's server starts") },
  );
  await blow();
  const arrivals = await coming;
  const longest = Math.max(...arrivals.map(({ begun, answered = begun }) => answered - begun));
  const reloads = arrivals.filter((arrival) => arrival.reloads > 0).length;
  t.log(`the longest waited ${Math.round(longest / 1000)} s; ${reloads} loaded the page anew`);
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

test.after.always(() => lab.lab("down"));

test.serial("a class of two workers", async (t) => {
  const { code, stderr } = await swarmhub("up", "--yes");
  t.is(code, 0, stderr);
});

test.serial("the hub is killed in the middle, under people of all kinds of names", async (t) => {
  const odd = ["a".repeat(63), "Zoë.Example+class@example.org", "🦊", "x y", "nb-hub", "../../etc"];
  const arrivals = await storm(t, [...odd, ...plain("hub", 24)], killServiceOf("hub"));
  const refused = arrivals.filter(({ sentence }) => sentence !== undefined);
  t.deepEqual(
    refused.map(({ user }) => user),
    ["../../etc"],
  );
});

test.serial("the proxy is killed in the middle", async (t) => {
  await storm(t, plain("proxy", 30), killServiceOf("proxy"));
});

test.serial("Docker is started anew on a worker in the middle", async (t) => {
  await storm(t, plain("docker", 30), () => lab.on(2, "systemctl restart docker"));
});

test.serial("the class is as it should be", async (t) => {
  const { code, stdout, stderr } = await swarmhub("status");
  t.is(code, 0, stdout + stderr);
});
