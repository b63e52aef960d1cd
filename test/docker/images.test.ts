import type { IncomingHttpHeaders } from "node:http";
import { userError } from "../support/fakes.js";
import { waitUntil } from "../../src/wait.js";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import test, { type ExecutionContext } from "ava";
import { dockerOver } from "../../src/docker/client.js";
import { buildImage, pullImage, pushImage } from "../../src/docker/images.js";
import { localTransport } from "../../src/transport/local.js";
import { type FakeEngine, fakeEngine, json, jsonLines } from "../support/fake-docker-engine.js";

const dockerFor = (t: ExecutionContext, { path }: FakeEngine) => {
  const transport = localTransport();
  t.teardown(() => transport.close());
  return dockerOver("box", () => transport.socket(path));
};

const layer = (id: string, status: string, current?: number, total?: number) => ({
  id,
  status,
  progressDetail: current === undefined ? {} : { current, total },
});

test("a pull reports its progress, which never falls, up to 100 %", async (t) => {
  const engine = await fakeEngine(t, (_, response) =>
    jsonLines(response, [
      { status: "Pulling from library/debian", id: "trixie" },
      layer("a", "Pulling fs layer"),
      layer("b", "Already exists"),
      layer("a", "Downloading", 50, 100),
      layer("a", "Download complete"),
      layer("c", "Downloading", 0, 100),
      layer("a", "Extracting", 50, 100),
      layer("a", "Pull complete"),
      layer("c", "Download complete"),
      layer("c", "Pull complete"),
      { status: "Digest: sha256:…" },
    ]),
  );
  const seen: string[] = [];
  await pullImage(dockerFor(t, engine), "debian:trixie", (text) => seen.push(text));
  t.deepEqual(seen, ["0 %", "25 %", "50 %", "75 %", "100 %"]);
  t.deepEqual(engine.asked, ["POST /images/create?fromImage=debian&tag=trixie"]);
});

const references: [reference: string, query: string][] = [
  ["debian", "fromImage=debian&tag=latest"],
  ["10.0.0.1:5000/hub", "fromImage=10.0.0.1%3A5000%2Fhub&tag=latest"],
  ["10.0.0.1:5000/hub:2", "fromImage=10.0.0.1%3A5000%2Fhub&tag=2"],
  ["quay.io/a/b@sha256:00", "fromImage=quay.io%2Fa%2Fb&tag=sha256%3A00"],
  ["quay.io/a/b:1@sha256:00", "fromImage=quay.io%2Fa%2Fb%3A1&tag=sha256%3A00"],
];

for (const [reference, query] of references)
  test(`${reference} is pulled alone, not with every tag of its name`, async (t) => {
    const engine = await fakeEngine(t, (_, response) => jsonLines(response, []));
    await pullImage(dockerFor(t, engine), reference);
    t.deepEqual(engine.asked, [`POST /images/create?${query}`]);
  });

test("a login goes with the request of a pull and of a build, in a header that no log has", async (t) => {
  const headers: IncomingHttpHeaders[] = [];
  const engine = await fakeEngine(t, (request, response) => {
    headers.push(request.headers);
    return jsonLines(response, []);
  });
  const docker = dockerFor(t, engine);
  const login = { username: "ada", password: "s3cret?~~", serveraddress: "ghcr.io" };
  await pullImage(docker, "ghcr.io/a/b:1", () => {}, { login });
  await pullImage(docker, "quay.io/a/b:1");
  await buildImage(docker, Buffer.from("x"), { tag: "a:1", logins: { "ghcr.io": login } });
  const [pull, other, build] = headers;
  const decoded = (text: unknown, encoding: "base64" | "base64url"): unknown =>
    JSON.parse(Buffer.from(String(text), encoding).toString());
  t.deepEqual(decoded(pull?.["x-registry-auth"], "base64url"), login);
  t.is(other?.["x-registry-auth"], undefined);
  t.deepEqual(decoded(build?.["x-registry-config"], "base64"), { "ghcr.io": login });
  t.notRegex(engine.asked.join(), /s3cret|ada/);
});

test("a registry that wants a password has a hint with the key to write", async (t) => {
  const message = "Head https://ghcr.io/v2/a/b: unauthorized: authentication required";
  const engine = await fakeEngine(t, (_, response) => json(response, 500, { message }));
  const error = await userError(pullImage(dockerFor(t, engine), "ghcr.io/a/b"));
  t.regex(error.hint ?? "", /`registries` in swarmhub\.yaml/);
});

test("an interruption ends a build's request, so that the Engine stops it", async (t) => {
  let closed = false;
  const engine = await fakeEngine(t, (request, response) => {
    response.on("close", () => (closed = true));
    request.resume();
    return jsonLines(response, [{ stream: "Step 1/2 : FROM debian\n" }], true);
  });
  const stop = new AbortController();
  const running = buildImage(dockerFor(t, engine), Buffer.from("x"), {
    tag: "a:1",
    signal: stop.signal,
    onLine: () => stop.abort(),
  });
  await t.throwsAsync(running);
  await waitUntil(async () => (closed ? true : undefined), {
    deadline: 10_000,
    every: 20,
    otherwise: () => new Error("the request is still open"),
  });
  t.pass();
});

test("a missing image is reported with the registry's message", async (t) => {
  const refusal = "manifest for debian:nope not found: manifest unknown";
  const engine = await fakeEngine(t, (_, response) => json(response, 404, { message: refusal }));
  await t.throwsAsync(pullImage(dockerFor(t, engine), "debian:nope"), {
    name: "UserError",
    message: `cannot pull debian:nope: ${refusal}`,
  });
});

test("an error in the middle of a pull is reported with the registry's message", async (t) => {
  const engine = await fakeEngine(t, (_, response) =>
    jsonLines(response, [
      layer("a", "Downloading", 50, 100),
      {
        error: "toomanyrequests: slow down",
        errorDetail: { message: "toomanyrequests: slow down" },
      },
    ]),
  );
  await t.throwsAsync(pullImage(dockerFor(t, engine), "debian:trixie"), {
    message: "cannot pull debian:trixie: toomanyrequests: slow down",
  });
});

test("a pull that falls silent is given up", async (t) => {
  const engine = await fakeEngine(t, (_, response) =>
    jsonLines(response, [layer("a", "Downloading", 50, 100)], true),
  );
  await t.throwsAsync(
    pullImage(dockerFor(t, engine), "debian:trixie", () => {}, { idleMs: 200 }),
    { message: "cannot pull debian:trixie: no message from Docker for 0.2 s" },
  );
});

test("a pull that is never answered is given up too", async (t) => {
  const engine = await fakeEngine(t, () => true);
  await t.throwsAsync(
    pullImage(dockerFor(t, engine), "debian:trixie", () => {}, { idleMs: 200 }),
    { message: "cannot pull debian:trixie: no message from Docker for 0.2 s" },
  );
});

test("an Engine that dies in the middle of a pull is an error, not an end", async (t) => {
  const engine: FakeEngine = await fakeEngine(t, (_, response) => {
    jsonLines(response, [layer("a", "Downloading", 50, 100)], true);
    setTimeout(() => engine.hangUp(), 50);
    return true;
  });
  await t.throwsAsync(pullImage(dockerFor(t, engine), "debian:trixie"), {
    message: /^cannot pull debian:trixie: /,
  });
});

for (const [kind, wrap] of [
  ["buffer", (bytes: Buffer) => bytes],
  ["stream", (bytes: Buffer) => Readable.from([bytes.subarray(0, 10), bytes.subarray(10)])],
] as const)
  test(`a build gets its context from a ${kind} unchanged, and shows its lines`, async (t) => {
    const context = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251));
    let sent: Buffer | undefined;
    const engine = await fakeEngine(t, async (request, response) => {
      sent = await buffer(request);
      return jsonLines(response, [
        { stream: "Step 1/2 : FROM debian" },
        { stream: "\n" },
        { stream: " ---> 0123\nStep 2/2 : RUN true\n" },
        { aux: { ID: "sha256:00" } },
        { stream: "Successfully built 0123" },
      ]);
    });
    const lines: string[] = [];
    await buildImage(dockerFor(t, engine), wrap(context), {
      tag: "swarmhub-hub:1",
      target: "hub",
      labels: { "swarmhub.class": "geo-101" },
      onLine: (line) => lines.push(line),
    });
    t.true(sent?.equals(context));
    t.deepEqual(lines, [
      "Step 1/2 : FROM debian",
      " ---> 0123",
      "Step 2/2 : RUN true",
      "Successfully built 0123",
    ]);
    const { pathname, searchParams } = new URL(engine.asked[0]!.split(" ")[1]!, "http://engine");
    t.is(pathname, "/build");
    t.deepEqual(Object.fromEntries(searchParams), {
      t: "swarmhub-hub:1",
      version: "1",
      target: "hub",
      forcerm: "true",
      labels: '{"swarmhub.class":"geo-101"}',
    });
  });

test("a push names repository and tag, sends no password, and counts the pushed layers", async (t) => {
  let asked: { url?: string | undefined; auth?: unknown } = {};
  const engine = await fakeEngine(t, (request, response) => {
    asked = { url: request.url, auth: request.headers["x-registry-auth"] };
    return jsonLines(response, [
      { status: "The push refers to repository [127.0.0.1:1/a]" },
      { status: "Preparing", id: "one" },
      { status: "Preparing", id: "two" },
      { status: "Layer already exists", id: "one" },
      { status: "Pushed", id: "two" },
      { status: "1: digest: sha256:0 size: 1", id: "1" },
    ]);
  });
  const seen: string[] = [];
  await pushImage(dockerFor(t, engine), "127.0.0.1:1/a", "1", (text) => seen.push(text));
  t.regex(asked.url ?? "", /images\/127\.0\.0\.1:1\/a\/push\?tag=1$/);
  t.is(Buffer.from(String(asked.auth), "base64").toString(), "{}");
  t.is(seen.at(-1), "2 of 2 layers");
});

test("a refused push is reported with the registry's message", async (t) => {
  const engine = await fakeEngine(t, (_, response) =>
    jsonLines(response, [{ error: "connection refused" }]),
  );
  await t.throwsAsync(pushImage(dockerFor(t, engine), "127.0.0.1:1/a", "1"), {
    name: "UserError",
    message: "cannot push 127.0.0.1:1/a:1: connection refused",
  });
});

test("a failed build shows the reason and the last 20 lines", async (t) => {
  const printed = Array.from({ length: 30 }, (_, index) => ({ stream: `line ${index + 1}\n` }));
  const engine = await fakeEngine(t, async (request, response) => {
    await buffer(request);
    return jsonLines(response, [...printed, { error: "RUN false returned 1" }]);
  });
  const error = await t.throwsAsync(
    buildImage(dockerFor(t, engine), Buffer.from("x"), { tag: "a:1" }),
  );
  const lines = error.message.split("\n");
  t.is(lines[0], "cannot build a:1: RUN false returned 1");
  t.deepEqual(
    lines.slice(1).map((line) => line.trim()),
    printed.slice(10).map(({ stream }) => stream.trim()),
  );
});

test("a build that falls silent is given up", async (t) => {
  const engine = await fakeEngine(t, (_, response) =>
    jsonLines(response, [{ stream: "x\n" }], true),
  );
  await t.throwsAsync(
    buildImage(dockerFor(t, engine), Buffer.from("x"), { tag: "a:1", idleMs: 6000 }),
    {
      message: "cannot build a:1: no message from Docker for 6 s\n  x",
    },
  );
});

test("a malformed Dockerfile is reported with the Engine's message", async (t) => {
  const engine = await fakeEngine(t, async (request, response) => {
    await buffer(request);
    return json(response, 400, {
      message: "dockerfile parse error line 1: unknown instruction: FORM",
    });
  });
  await t.throwsAsync(buildImage(dockerFor(t, engine), Buffer.from("x"), { tag: "a:1" }), {
    message: "cannot build a:1: dockerfile parse error line 1: unknown instruction: FORM",
  });
});
