import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { assetPath } from "../../src/operator/assets.js";
import { ask, upgraded } from "../nginx/support/client.js";
import { answering, freePorts, startProgram } from "../nginx/support/running-edge.js";
import { type Upstream, startUpstream } from "../nginx/support/upstream.js";

let hub: Upstream;
let ports: { proxy: number; api: number };
let folder: string;
let stop: () => Promise<number | null>;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "swarmhub-proxy-"));
  const at = (name: string) => join(folder, name);
  await mkdir(at("pages"));
  await copyFile(assetPath("nginx/unavailable.html"), at("pages/error.html"));
  await writeFile(at("token"), "secret\n");
  hub = await startUpstream();
  const [proxy, api] = await freePorts(3);
  ports = { proxy, api };
  const argv = ["--token-file", at("token"), "--pages", at("pages"), `--listen=127.0.0.1:${proxy}`];
  const to = [`--api-listen=127.0.0.1:${api}`, `--default-target=http://127.0.0.1:${hub.port}`];
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
  await rm(folder, { recursive: true, force: true });
});

test("a path without a route goes to the hub, with the forwarded headers of the edge", async (t) => {
  const set = {
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Proto": "https",
    Host: "geo.example.org",
  };
  const { body } = await ask(ports.proxy, "/hub/login?next=%2F", { tls: false, headers: set });
  const { url, headers } = JSON.parse(body) as { url: string; headers: Record<string, string> };
  t.is(url, "/hub/login?next=%2F");
  t.is(headers["x-forwarded-for"], "203.0.113.7");
  t.is(headers["x-forwarded-proto"], "https");
  t.is(headers["host"], "geo.example.org");
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
  const headers = { Authorization: "token secret" };
  const path = "/api/routes/user/bob";
  const target = "http://127.0.0.1:1";
  const made = await ask(ports.api, path, {
    tls: false,
    method: "POST",
    headers,
    send: { target },
  });
  t.is(made.status, 201);
  const { status, body } = await ask(ports.proxy, "/user/bob/lab", { tls: false });
  t.is(status, 503);
  t.regex(body, /Back in a moment/);
});

test("an empty token is refused: anyone could set routes", async (t) => {
  const empty = join(folder, "empty");
  await writeFile(empty, "\n");
  const running = startProgram(
    "../../../proxy/proxy.js",
    ["--token-file", empty],
    join(folder, "refused"),
  );
  t.teardown(() => void running.process.kill());
  t.is(await running.ended, 1);
  t.regex(await running.output(), /the proxy's token is empty/);
});

test("a port that is in use ends the program", async (t) => {
  const argv = ["--token-file", join(folder, "token"), `--listen=127.0.0.1:${ports.proxy}`];
  const api = `--api-listen=127.0.0.1:${ports.api}`;
  const running = startProgram("../../../proxy/proxy.js", [...argv, api], join(folder, "taken"));
  t.teardown(() => void running.process.kill());
  t.is(await running.ended, 1);
  t.regex(await running.output(), /EADDRINUSE/);
});
