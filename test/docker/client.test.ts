import type { Agent } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { inspect } from "node:util";
import baseTest, { type ExecutionContext } from "ava";
import { type Docker, ifExists, dockerOver } from "../../src/docker/client.js";
import { localTransport } from "../../src/transport/local.js";
import type { Transport } from "../../src/transport/transport.js";
import { waitUntil } from "../../src/wait.js";
import { type FakeEngine, fakeEngine, json } from "../support/fake-docker-engine.js";
import { sshdFor, transportTo } from "../support/ssh-session.js";
import { hasSshd } from "../support/sshd.js";

const transports: Record<string, (t: ExecutionContext) => Promise<Transport>> = {
  local: async () => localTransport(),
  ssh: async (t) => transportTo(await sshdFor(t)),
  "ssh, relayed": async (t) =>
    transportTo(await sshdFor(t, { settings: ["AllowStreamLocalForwarding no"] })),
};

const dockerFor = async (
  t: ExecutionContext,
  { path }: Pick<FakeEngine, "path">,
  kind = "local",
): Promise<{ docker: Docker; transport: Transport }> => {
  const transport = await transports[kind]!(t);
  t.teardown(() => transport.close());
  return { docker: dockerOver("box", () => transport.socket(path)), transport };
};

const containers = (t: ExecutionContext) =>
  fakeEngine(t, ({ url }, response) =>
    url === "/_ping"
      ? Boolean(response.end("OK"))
      : json(response, 200, [{ Id: "one", State: "running" }]),
  );

for (const kind of Object.keys(transports)) {
  const test = kind === "local" || hasSshd() ? baseTest : baseTest.skip;
  // Before it relays, it probes whether anything answers.
  const probes = kind === "ssh, relayed" ? 1 : 0;

  test(`${kind}: calls after each other share a connection`, async (t) => {
    const engine = await containers(t);
    const { docker } = await dockerFor(t, engine, kind);
    for (let call = 0; call < 20; call += 1) t.is((await docker.listContainers())[0]?.Id, "one");
    t.is(engine.connections(), probes + 1);
    t.is(engine.asked[0], "GET /containers/json");
  });

  test(`${kind}: 100 calls at once all answer, over 6 connections at most, without a stall`, async (t) => {
    const engine = await containers(t);
    const { docker } = await dockerFor(t, engine, kind);
    const started = Date.now();
    const answers = await Promise.all(Array.from({ length: 100 }, () => docker.listContainers()));
    t.true(answers.every(([first]) => first?.Id === "one"));
    t.true(engine.connections() <= probes + 6, `${engine.connections()} connections`);
    // docker-modem's inspection of live sockets made this 48 s.
    t.true(Date.now() - started < 24_000, `${Date.now() - started} ms`);
  });

  test(`${kind}: a call after the Engine has closed its connections opens another one`, async (t) => {
    const engine = await containers(t);
    const { docker } = await dockerFor(t, engine, kind);
    await Promise.all([docker.listContainers(), docker.listContainers()]);
    engine.hangUp();
    await pause(500);
    const found = await Promise.race([docker.listContainers(), pause(10_000)]);
    t.is(found?.[0]?.Id, "one");
  });

  test(`${kind}: a machine without Docker has its own error`, async (t) => {
    const { docker } = await dockerFor(t, { path: "/nowhere/docker.sock" }, kind);
    const error = await t.throwsAsync(docker.listContainers());
    t.is(error.name, "NoSocketError");
    t.regex(error.message, /nothing listens at \/nowhere\/docker.sock/);
  });

  test(`${kind}: commands still run while all of Docker's sockets are in use`, async (t) => {
    const waiting: (() => void)[] = [];
    const engine = await fakeEngine(t, (_, response) => {
      waiting.push(() => json(response, 200, []));
      return true;
    });
    const { docker, transport } = await dockerFor(t, engine, kind);
    const calls = Array.from({ length: 10 }, () => docker.listContainers());
    const outputs = await Promise.all(
      Array.from({ length: 12 }, () => transport.exec("echo hello", { timeout: 60_000 })),
    );
    t.true(outputs.every(({ stdout }) => stdout === "hello\n"));
    const answering = setInterval(() => waiting.shift()?.(), 5);
    t.teardown(() => clearInterval(answering));
    await Promise.all(calls);
  });
}

baseTest(
  "docker-modem inspects only a few words on each request, whatever is on the agent",
  async (t) => {
    const engine = await containers(t);
    const { docker } = await dockerFor(t, engine);
    await docker.listContainers();
    const { agent } = docker.modem as unknown as { agent: Agent };
    const seen = inspect({ agent }, { showHidden: true, depth: null });
    t.true(seen.length < 100, seen.slice(0, 200));
  },
);

baseTest.serial("the operator's DOCKER_HOST and certificates are ignored", async (t) => {
  const engine = await containers(t);
  const misleading = {
    DOCKER_HOST: "tcp://192.0.2.1:2376",
    DOCKER_TLS_VERIFY: "1",
    DOCKER_PATH_PREFIX: "/elsewhere",
  };
  Object.assign(process.env, misleading);
  const { docker } = await dockerFor(t, engine).finally(() => {
    for (const name of Object.keys(misleading)) delete process.env[name];
  });
  await docker.listContainers();
  t.deepEqual(engine.asked, ["GET /containers/json"]);
});

baseTest("an Engine that closes the connection is reported with its host", async (t) => {
  const engine: FakeEngine = await fakeEngine(t, () => {
    engine.hangUp();
    return true;
  });
  const { docker } = await dockerFor(t, engine);
  await t.throwsAsync(docker.listContainers(), {
    message: "box: Docker Engine closed the connection",
  });
});

baseTest("an Engine that does not answer is given up at the deadline", async (t) => {
  const engine = await fakeEngine(t, () => true);
  const transport = localTransport();
  t.teardown(() => transport.close());
  const docker = dockerOver("box", () => transport.socket(engine.path), 200);
  await t.throwsAsync(docker.listContainers(), {
    message: "box: Docker Engine did not answer within 0.2 s",
  });
});

baseTest("an idle connection that the Engine closed is not used again", async (t) => {
  const engine = await containers(t);
  const { docker } = await dockerFor(t, engine);
  await docker.listContainers();
  engine.hangUp();
  const { agent } = docker.modem as unknown as { agent: Agent };
  await waitUntil(async () => (Object.keys(agent.freeSockets).length === 0 ? true : undefined), {
    deadline: 60_000,
    every: 5,
    otherwise: () => new Error("the socket is still kept"),
  });
  await docker.listContainers();
  t.is(engine.connections(), 2);
});

baseTest("what does not exist is undefined, other failures are errors", async (t) => {
  const engine = await fakeEngine(t, ({ url }, response) =>
    url?.includes("gone")
      ? json(response, 404, { message: "no such volume" })
      : json(response, 500, { message: "disk on fire" }),
  );
  const { docker } = await dockerFor(t, engine);
  t.is(await ifExists(docker.getVolume("gone").inspect()), undefined);
  await t.throwsAsync(ifExists(docker.getVolume("homes").inspect()), { message: /disk on fire/ });
});

(hasSshd() ? baseTest : baseTest.skip)(
  "a lost connection ends a waiting call with an error that names the host",
  async (t) => {
    const sshd = await sshdFor(t);
    const transport = await transportTo(sshd);
    t.teardown(() => transport.close());
    const engine = await fakeEngine(t, () => {
      sshd.cut();
      return true;
    });
    const docker = dockerOver("box", () => transport.socket(engine.path));
    const error = await t.throwsAsync(docker.listContainers());
    t.is(error.name, "UnreachableError");
    t.regex(error.message, /^box: the connection was lost/);
  },
);

baseTest("a redirect of Docker is an error, and is not followed from this machine", async (t) => {
  const engine = await fakeEngine(t, (_, response) => {
    response.writeHead(301, { location: "http://127.0.0.1:9/images/json" });
    return Boolean(response.end());
  });
  const { docker } = await dockerFor(t, engine);
  await t.throwsAsync(docker.getImage("/folder").inspect(), { message: /redirect/ });
  t.deepEqual(engine.asked, ["GET /images//folder/json"]);
});
