import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import {
  type ServicePart,
  networkName,
  reserveNames,
  serviceName,
  userServiceName,
  userServicePrefix,
} from "../../src/names.js";
import { serviceLabel } from "../../src/swarm/tasks.js";
import { waitUntil } from "../../src/wait.js";
import { buildLightServer } from "../bench/light-server.js";
import { burstClass, hubInspector } from "../bench/login-burst-hub.js";
import { type LoginResult, simulateLogin } from "../bench/simulated-student.js";
import { classIn } from "./support/class.js";
import { roomPassword, workshop } from "./support/lab.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// Many users log in at once, and meanwhile a part or a machine fails: each user gets a server or a message, and no orphan is left.
const lab = await warmClass("e2e-storm", { machines: 3, memory: 2304 });
const image = await buildLightServer(lab);
const yamlOf = (servers: string): string => `name: ${burstClass}
manager: node1
workers: [node2, node3]
storage: {device: /dev/ubdb, quota: 60M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${image}", ${servers}}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`;
const shop = await workshop(lab, yamlOf("memory: 64M"));
const { swarmhub, folder } = shop;
const hub = await hubInspector(lab);
const { logIn, waitUntilDown, nodeOf } = classIn(lab);
const site = { address: `https://${lab.reachableAddress(1)}`, password: roomPassword };
const patience = { deadline: 420_000, reloads: 140 };

const plainNames = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);

/** All users log in at once; the fault is injected when a third of them have a service. */
const burst = async (
  t: ExecutionContext,
  users: readonly string[],
  injectFault: () => Promise<unknown>,
): Promise<LoginResult[]> => {
  const logins = Promise.all(users.map((user) => simulateLogin(site, user, patience)));
  await waitUntil(
    async () => {
      const services = (await hub.serviceTimes()).filter(({ name }) =>
        name.startsWith(userServicePrefix(burstClass)),
      );
      return services.length * 3 >= users.length ? true : undefined;
    },
    { deadline: 120_000, otherwise: () => new Error("no server starts") },
  );
  await injectFault();
  return checkResults(t, await logins);
};

/** Checks that each user got a server or a message, and that no orphan is left two minutes later; then stops all servers. */
const checkResults = async (
  t: ExecutionContext,
  results: LoginResult[],
): Promise<LoginResult[]> => {
  const longest = Math.max(...results.map(({ started, answered = started }) => answered - started));
  const reloads = results.filter((result) => result.reloads > 0).length;
  const servers = results.filter(({ answered }) => answered !== undefined).length;
  t.log(
    `${servers} of ${results.length} users have a server; the longest wait took ${Math.round(longest / 1000)} s; ${reloads} users reloaded the page`,
  );
  for (const { user, message } of results)
    if (message !== undefined) t.log(`${user} got the message: ${message}`);
  t.deepEqual(
    results.flatMap(({ user, failure }) => (failure === undefined ? [] : [`${user}: ${failure}`])),
    [],
  );
  t.deepEqual(await hub.orphans(), []);
  await hub.stopAll();
  return results;
};

const killServiceOf = (part: ServicePart) => () =>
  lab.on(1, `docker kill $(docker ps -q -f label=${serviceLabel(serviceName(burstClass, part))})`);

/** The users without a server, each with the message. */
const messagesOf = (results: readonly LoginResult[]): Record<string, string> =>
  Object.fromEntries(
    results.flatMap(({ user, message }) => (message === undefined ? [] : [[user, message]])),
  );

test.before(() => changeTo(shop));

test.after.always(() => lab.lab("down"));

test.serial("if only the proxy restarts, running servers answer again", async (t) => {
  const ada = await logIn("ada");
  t.teardown(() => ada.close());
  t.true((await ada.start()).ready);
  const answers = async () => ((await ada.statusOf("/user/ada/api")) === 200 ? true : undefined);
  const addresses = () =>
    lab.on(
      1,
      `docker exec $(docker ps -q -f label=${serviceLabel(serviceName(burstClass, "edge"))}) grep -A1 '^  upstream swarmhub-proxy {' /dev/shm/swarmhub/nginx.conf`,
    );
  t.true(await answers());
  const before = await addresses();
  await killServiceOf("proxy")();
  const killed = performance.now();
  await waitUntil(async () => ((await answers()) === true ? undefined : true), {
    deadline: 30_000,
    every: 50,
    otherwise: () => new Error("the proxy still answers"),
  });
  await waitUntil(answers, {
    deadline: 90_000,
    otherwise: () => new Error("the server does not answer again"),
  });
  t.log(`answered again ${Math.round(performance.now() - killed)} ms after the proxy was killed`);
  const after = await addresses();
  for (const text of [before, after]) t.regex(text, /server \d+\.\d+\.\d+\.\d+:8000 /);
  t.log(
    `nginx used ${before.match(/[\d.]+:8000/)?.[0]}, and now uses ${after.match(/[\d.]+:8000/)?.[0]}`,
  );
  await ada.stop();
});

test.serial(
  "if the hub is killed during logins, all users with valid names get a server",
  async (t) => {
    const odd = [
      "a".repeat(63),
      "Zoë.Example+class@example.org",
      "🦊",
      "x y",
      "nb-hub",
      "../../etc",
    ];
    const results = await burst(t, [...odd, ...plainNames("hub", 24)], killServiceOf("hub"));
    t.deepEqual(Object.keys(messagesOf(results)), ["../../etc"]);
  },
);

test.serial("if the proxy is killed during logins, all users get a server", async (t) => {
  const results = await burst(t, plainNames("proxy", 30), killServiceOf("proxy"));
  t.deepEqual(messagesOf(results), {});
});

test.serial(
  "if Docker restarts on a worker during logins, each user gets a server or a message",
  async (t) => {
    await burst(t, plainNames("docker", 30), () => lab.on(2, "systemctl restart docker"));
  },
);

test.serial("if a worker loses its power during logins, all users get a server", async (t) => {
  const results = await burst(t, plainNames("worker", 30), async () => {
    await lab.lab("kill", "3");
    await waitUntilDown("node3");
    // It boots before a login times out, like a machine that restarts.
    await lab.lab("boot", "3");
  });
  t.deepEqual(messagesOf(results), {});
});

test.serial(
  "if the manager loses its power during logins, each user gets a server or a message",
  async (t) => {
    await burst(t, plainNames("manager", 20), async () => {
      await lab.lab("kill", "1");
      await lab.lab("boot", "1");
    });
  },
);

test.serial(
  "if the network has no free addresses, each user gets a server or a message that says so",
  async (t) => {
    // A task gets its address before a node is chosen, so that a whole subnet can be taken without containers.
    const filler = `docker service create -d --name filler --network ${networkName(burstClass)} --endpoint-mode dnsrr --constraint node.labels.nowhere==yes --replicas 600 ${image}`;
    await lab.on(1, filler);
    await waitUntil(
      async () => {
        const states = await lab.on(1, "docker service ps --format '{{.CurrentState}}' filler");
        return states.split("\n").length > 590 && !states.includes("Allocated") ? true : undefined;
      },
      {
        deadline: 120_000,
        every: 2000,
        otherwise: () => new Error("the network still has free addresses"),
      },
    );
    try {
      const results = await Promise.all(
        plainNames("address", 6).map((user) => simulateLogin(site, user, patience)),
      );
      for (const [user, message] of Object.entries(messagesOf(results)))
        t.regex(message, /network has no free address/, user);
      await checkResults(t, results);
    } finally {
      await lab.on(1, "docker service rm filler");
    }
  },
);

test.serial(
  "if a worker cannot pull the image, each user gets a server or a message that says so",
  async (t) => {
    const [registry = ""] = lab.registry.split(":");
    // What reserves memory runs on the image, so that nobody can remove it; the next `up` starts it again.
    await lab.on(1, `docker service rm ${Object.values(reserveNames(burstClass)).join(" ")}`);
    await lab.on(3, `iptables -I OUTPUT -d ${registry} -j REJECT`);
    try {
      const containers = `docker ps -aq -f ancestor=${image}`;
      await lab.on(
        3,
        `${containers} | xargs -r docker rm -f; docker image ls -q ${image.split(":")[0]} | xargs -r docker image rm -f`,
      );
      const results = await Promise.all(
        plainNames("image", 20).map((user) => simulateLogin(site, user, patience)),
      );
      for (const [user, message] of Object.entries(messagesOf(results)))
        t.regex(message, /notebook image cannot be downloaded/, user);
      await checkResults(t, results);
    } finally {
      await lab.on(3, `iptables -D OUTPUT -d ${registry} -j REJECT`);
    }
  },
);

test.serial("two tabs of one user start one server", async (t) => {
  const results = await Promise.all(["ada", "ada"].map((user) => simulateLogin(site, user)));
  const servers = (await hub.serviceTimes()).filter(
    ({ name }) => name === userServiceName(burstClass, "ada"),
  );
  t.is(servers.length, 1);
  await checkResults(t, results);
});

test.serial("a user starts and stops a server fifty times", async (t) => {
  const user = await logIn("sisyphus");
  t.teardown(() => user.close());
  const times: number[] = [];
  for (let turn = 1; turn <= 50; turn += 1) {
    const { ready, output, ms } = await user.start();
    t.true(ready, `${turn}: ${output}`);
    times.push(ms);
    await user.stop();
  }
  t.log(`the slowest start took ${Math.max(...times)} ms`);
  t.deepEqual(await hub.orphans(), []);
});

test.serial(
  "the strategy pack fills one machine before the next, also after a machine has failed",
  async (t) => {
    await writeFile(join(folder, "swarmhub.yaml"), yamlOf("memory: 600M, strategy: pack"));
    const { code, stderr } = await swarmhub("up", "--yes");
    t.is(code, 0, stderr);
    const names = plainNames("pack", 4);
    const users = await Promise.all(names.map(logIn));
    t.teardown(() => Promise.all(users.map((user) => user.close())));
    const nodes: string[] = [];
    for (const [index, user] of users.entries()) {
      const { ready, output } = await user.start();
      t.true(ready, output);
      nodes.push(await nodeOf(names[index] ?? ""));
    }
    t.log(nodes.join(" "));
    const [first = ""] = nodes;
    const full = nodes.lastIndexOf(first) + 1;
    t.true(full >= 2 && full < 4, "one machine is full, and the next one has servers");
    t.deepEqual(nodes, [...Array<string>(full).fill(first), ...nodes.slice(full)]);
    t.false(nodes.slice(full).includes(first));
    // Servers of the failed machine restart where seats were freed.
    const moved = names.slice(full);
    await Promise.all(users.slice(0, moved.length).map((user) => user.stop()));
    const [other = ""] = nodes.slice(full);
    await lab.lab("kill", other.replace("node", ""));
    try {
      await waitUntilDown(other);
      t.deepEqual(
        await Promise.all(moved.map(nodeOf)),
        moved.map(() => first),
      );
    } finally {
      await lab.lab("boot", other.replace("node", ""));
    }
    t.deepEqual(await hub.orphans(), []);
    await hub.stopAll();
  },
);

test.serial("status finds no drift at the end", async (t) => {
  const { code, stdout, stderr } = await swarmhub("status");
  t.is(code, 0, stdout + stderr);
});
