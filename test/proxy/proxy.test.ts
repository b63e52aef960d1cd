import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { assetPath } from "../../src/operator/assets.js";
import { ask, upgraded } from "../nginx/support/client.js";
import { answering, freePorts, startProgram } from "../nginx/support/running-edge.js";
import { type Upstream, startUpstream } from "../nginx/support/upstream.js";

let hub: Upstream;
let server: Upstream;
let ports: { proxy: number; api: number };
let folder: string;
let stop: () => Promise<number | null>;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "swarmhub-proxy-"));
  const at = (name: string) => join(folder, name);
  await mkdir(at("pages"));
  await copyFile(assetPath("nginx/unavailable.html"), at("pages/error.html"));
  await writeFile(at("token"), "secret\n");
  await writeFile(at("edge-token"), "between edge and proxy\n");
  hub = await startUpstream();
  server = await startUpstream();
  const [proxy, api] = await freePorts(3);
  ports = { proxy, api };
  const argv = ["--token-file", at("token"), "--edge-token-file", at("edge-token")];
  const to = [
    "--pages",
    at("pages"),
    `--listen=127.0.0.1:${proxy}`,
    `--api-listen=127.0.0.1:${api}`,
    `--default-target=http://127.0.0.1:${hub.port}`,
  ];
  const running = startProgram("../../../proxy/proxy.js", [...argv, ...to], at("output"));
  stop = async () => {
    running.process.kill("SIGTERM");
    return running.ended;
  };
  await answering(api, running);
});
test.after.always(async () => {
  await stop?.();
  await hub?.close();
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

/** The path and the headers that the hub or a user's server receives. */
const received = async (path: string, headers: Record<string, string>) => {
  const { body } = await ask(ports.proxy, path, { tls: false, headers });
  return JSON.parse(body) as { url: string; headers: Record<string, string> };
};
const addRoute = (user: string, target: string) =>
  ask(ports.api, `/api/routes/user/${user}`, {
    tls: false,
    method: "POST",
    headers: { Authorization: "token secret" },
    send: { target },
  });
const edgeToken = "between edge and proxy";

test("a path without a route goes to the hub, with the forwarded headers of the edge", async (t) => {
  const { url, headers } = await received("/hub/login?next=%2F", {
    "X-Forwarded-For": "203.0.113.7",
    "X-Real-IP": "203.0.113.7",
    "X-Forwarded-Proto": "https",
    "X-Swarmhub-Forwarded": edgeToken,
    Host: "geo.example.org",
  });
  t.is(url, "/hub/login?next=%2F");
  t.is(headers["x-forwarded-for"], "203.0.113.7");
  t.is(headers["x-real-ip"], "203.0.113.7");
  t.is(headers["x-forwarded-proto"], "https");
  t.is(headers["host"], "geo.example.org");
  t.is(headers["x-swarmhub-forwarded"], edgeToken, "so the hub believes the address");
});

for (const said of [{}, { "X-Swarmhub-Forwarded": "guessed" }])
  test(`who is not the edge cannot claim an address, with ${Object.keys(said).length} wrong secrets`, async (t) => {
    const claims = { "X-Forwarded-For": "203.0.113.7", "X-Real-IP": "203.0.113.7", ...said };
    const { headers } = await received("/hub/login", claims);
    t.is(headers["x-forwarded-for"], "127.0.0.1");
    t.is(headers["x-real-ip"], "127.0.0.1");
    t.is(headers["x-swarmhub-forwarded"], edgeToken, "the address is the one of the connection");
  });

test("a user's server gets the client's address, but never the secret", async (t) => {
  await addRoute("ada", `http://127.0.0.1:${server.port}`);
  const { headers } = await received("/user/ada/lab", {
    "X-Forwarded-For": "203.0.113.7",
    "X-Swarmhub-Forwarded": edgeToken,
  });
  t.is(headers["x-forwarded-for"], "203.0.113.7");
  t.false(JSON.stringify(headers).includes(edgeToken));
});

test("an answer that breaks off also breaks off for the client", async (t) => {
  await t.throwsAsync(ask(ports.proxy, "/broken-off", { tls: false }), { code: "ECONNRESET" });
});

test("a websocket is passed on", async (t) => {
  const { head, socket, echo } = await upgraded(ports.proxy, "127.0.0.1", { tls: false });
  t.regex(head, /^HTTP\/1\.1 101 /);
  t.is(await echo("one"), "one");
  socket.destroy();
});

test("routes are shown with the right token only", async (t) => {
  const statusWith = async (token: string) => {
    const headers = { Authorization: `token ${token}` };
    return (await ask(ports.api, "/api/routes", { tls: false, headers })).status;
  };
  t.is(await statusWith("guessed"), 403);
  t.is(await statusWith("secret"), 200);
});

test("a server that does not answer gets our error page", async (t) => {
  t.is((await addRoute("bob", "http://127.0.0.1:1")).status, 201);
  const { status, body } = await ask(ports.proxy, "/user/bob/lab", { tls: false });
  t.is(status, 503);
  t.regex(body, /Back in a moment/);
});

for (const [option, problem] of [
  ["token-file", /the proxy's token is empty: anyone could set routes/],
  ["edge-token-file", /the edge's token is empty: anyone could claim any address/],
] as const)
  test(`an empty file is refused as --${option}`, async (t) => {
    const empty = join(folder, `empty-${option}`);
    await writeFile(empty, "\n");
    const good = ["token-file", "edge-token-file"].map((each) => `--${each}=${folder}/token`);
    const argv = [...good, `--${option}=${empty}`];
    const log = join(folder, `refused-${option}`);
    const running = startProgram("../../../proxy/proxy.js", argv, log);
    t.teardown(() => void running.process.kill());
    t.is(await running.ended, 1);
    t.regex(await running.output(), problem);
  });

test("a port that is in use ends the program", async (t) => {
  const files = ["token-file", "edge-token-file"].map((each) => `--${each}=${folder}/token`);
  const argv = [...files, `--listen=127.0.0.1:${ports.proxy}`];
  const api = `--api-listen=127.0.0.1:${ports.api}`;
  const running = startProgram("../../../proxy/proxy.js", [...argv, api], join(folder, "taken"));
  t.teardown(() => void running.process.kill());
  t.is(await running.ended, 1);
  t.regex(await running.output(), /EADDRINUSE/);
});
