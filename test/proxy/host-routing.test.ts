import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { ask } from "../nginx/support/client.js";
import { answering, freePorts, startProgram } from "../nginx/support/running-edge.js";

let ports: { proxy: number; api: number };
let stop = async () => {};

/** A server whose answers say its name and set two cookies. */
const startServer = async (name: string) => {
  const server = createServer((_request, response) => {
    const cookies = ["__Host-login=1; Path=/; Secure", "planted=1; Domain=geo.example.org; Path=/"];
    response.setHeader("Set-Cookie", cookies).end(name);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

test.before(async () => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-host-routing-"));
  await writeFile(join(folder, "token"), "secret");
  const [hub, ada] = [await startServer("hub"), await startServer("ada")];
  const [proxy, api] = await freePorts(3);
  ports = { proxy, api };
  const secrets = ["token-file", "edge-token-file"].map((name) => `--${name}=${folder}/token`);
  const files = [...secrets, "--pages", folder, "--host-routing"];
  const listen = [`--listen=127.0.0.1:${proxy}`, `--api-listen=127.0.0.1:${api}`];
  const argv = [...files, ...listen, `--default-target=${hub.url}`];
  const running = startProgram("../../../proxy/proxy.js", argv, join(folder, "output"));
  stop = async () => {
    running.process.kill();
    await running.ended;
    hub.server.close();
    ada.server.close();
    await rm(folder, { recursive: true });
  };
  await answering(api, running);
  const headers = { Authorization: "token secret" };
  const route = { tls: false, method: "POST", headers, send: { target: ada.url } };
  await ask(api, "/api/routes/ada.geo.example.org/user/ada", route);
});
test.after.always(() => stop());

const get = (Host: string, path: string) =>
  ask(ports.proxy, path, { tls: false, headers: { Host } });

test("with subdomains a server is found at its own host only, and all else is the hub's", async (t) => {
  const bodyAt = async (host: string, path: string) => (await get(host, path)).body;
  t.is(await bodyAt("ada.geo.example.org", "/user/ada/lab"), "ada");
  t.is(await bodyAt("ada.geo.example.org:8443", "/user/ada/lab"), "ada");
  for (const [host, path] of [
    ["ada.geo.example.org", "/hub/login"],
    ["mallory.geo.example.org", "/user/ada/lab"],
    ["geo.example.org", "/user/ada/lab"],
    ["geo.example.org", "/ada.geo.example.org/user/ada/lab"],
    ["proxy:8000", "/hub/api"],
  ] as const)
    t.is(await bodyAt(host, path), "hub", `${host} ${path}`);
});

test("a user's server sets cookies for its own host only, and the hub for the domain", async (t) => {
  const cookiesOf = async (host: string, path: string) =>
    (await get(host, path)).headers["set-cookie"]?.length;
  t.is(await cookiesOf("ada.geo.example.org", "/user/ada/lab"), 1);
  t.is(await cookiesOf("geo.example.org", "/hub/login"), 2);
});
