import { once } from "node:events";
import type { OutgoingHttpHeaders } from "node:http";
import test from "ava";
import { ask, handshake } from "./support/client.js";
import { type Edge, startEdge } from "./support/running-edge.js";
import { startUpstream } from "./support/upstream.js";
import { withNginx } from "./support/with-nginx.js";

const domain = "geo.example.org";
let edge: Edge;
let close = async () => {};

test.before(async () => {
  const upstream = await startUpstream();
  edge = await startEdge({ domain, subdomains: true, upstream: `127.0.0.1:${upstream.port}` });
  close = async () => {
    await edge.close();
    await upstream.close();
  };
});
test.after.always(() => close());

const get = (host: string, path: string, headers: OutgoingHttpHeaders = {}, method = "GET") =>
  ask(edge.ports.https, path, { servername: host, method, headers: { Host: host, ...headers } });

const from = (site: string, mode: string, destination: string): OutgoingHttpHeaders => ({
  "Sec-Fetch-Site": site,
  "Sec-Fetch-Mode": mode,
  "Sec-Fetch-Dest": destination,
});

withNginx("the self-signed certificate covers the domain and each name below it", async (t) => {
  for (const servername of [domain, `ada.${domain}`]) {
    const socket = await handshake(edge.ports.https, { servername });
    t.is(socket.getPeerX509Certificate()?.checkHost(servername) === undefined, false, servername);
    socket.destroy();
  }
  await t.throwsAsync(handshake(edge.ports.https, { servername: "geo.example.net" }));
});

withNginx("the proxy gets the host of the user, by which it finds the server", async (t) => {
  const host = `ada.${domain}`;
  const { status, body } = await get(host, "/user/ada/api");
  const { headers } = JSON.parse(body) as { headers: Record<string, string> };
  t.deepEqual([status, headers["host"], headers["x-forwarded-host"]], [200, host, host]);
});

withNginx("a user's host has nothing but the server; all else is at the domain", async (t) => {
  for (const path of ["/", "/hub/login?next=%2F", "/hub/", "/user", "//hub/token", "/x"]) {
    const { status, headers } = await get(`ada.${domain}`, path);
    t.deepEqual([status, headers.location], [307, `https://${domain}${path}`], path);
  }
  const withPort = await get(`ada.${domain}:8443`, "/hub/home");
  t.is(withPort.headers.location, `https://${domain}:8443/hub/home`);
  t.is((await get(domain, "/hub/login")).status, 200);
  t.is((await get(domain, "/user/ada/lab")).status, 200, "the hub redirects to the user's host");
});

withNginx("over plain HTTP both hosts lead to HTTPS", async (t) => {
  const options = { tls: false, headers: { Host: `ada.${domain}` } };
  const { status, headers } = await ask(edge.ports.http, "/user/ada/lab", options);
  t.is(status, 307);
  t.regex(headers.location ?? "", /^https:\/\/ada\.geo\.example\.org:\d+\/user\/ada\/lab$/);
});

withNginx("pages of other hosts cannot use the hub, but can lead to it", async (t) => {
  for (const site of ["same-site", "cross-site"]) {
    const tab = from(site, "navigate", "document");
    t.is((await get(domain, "/hub/login", tab)).status, 200);
    t.is((await get(domain, "/hub/login", tab, "POST")).status, 403, "a form");
    for (const page of ["login", "callback"]) {
      const path = `/hub/lti13/oauth_${page}`;
      t.is((await get(domain, path, tab, "POST")).status, 200, "a launch from a course");
      t.is((await get(domain, path, from(site, "navigate", "iframe"), "POST")).status, 403);
      t.is((await get(domain, path, from(site, "cors", "empty"), "POST")).status, 403);
      t.is((await get(domain, `${path}/x`, tab, "POST")).status, 403);
    }
    for (const path of ["/hub/api/users", "/hub/user/ada/api", "/hub/home", "/"]) {
      t.is((await get(domain, path, from(site, "cors", "empty"))).status, 403, path);
      t.is((await get(domain, path, from(site, "no-cors", "image"))).status, 403, path);
    }
    t.is((await get(domain, "/hub/logo", from(site, "no-cors", "image"))).status, 200);
  }
  for (const site of ["same-origin", "none"]) {
    t.is((await get(domain, "/hub/api/users", from(site, "cors", "empty"))).status, 200);
    const form = from(site, "navigate", "document");
    t.is((await get(domain, "/hub/login", form, "POST")).status, 200);
  }
});

withNginx(
  "a websocket is for pages of its own host, and for programs, which send no origin",
  async (t) => {
    const host = `ada.${domain}`;
    const statusOf = async (origin?: string): Promise<string> => {
      const lines = [`Host: ${host}`, "Connection: Upgrade", "Upgrade: websocket"];
      const all = [...lines, ...(origin === undefined ? [] : [`Origin: ${origin}`]), "", ""];
      const socket = await handshake(edge.ports.https, { servername: host });
      socket.write(["GET /user/ada/api/kernels/1/channels HTTP/1.1", ...all].join("\r\n"));
      const [data] = (await once(socket, "data")) as [Buffer];
      socket.destroy();
      return data.toString().slice(9, 12);
    };
    t.is(await statusOf(), "101");
    t.is(await statusOf(`https://${host}`), "101");
    for (const origin of [
      "null",
      `https://mallory.${domain}`,
      `https://${domain}`,
      `http://${host}`,
      `https://${host}.example.net`,
      `https://${host}:8443`,
    ])
      t.is(await statusOf(origin), "403", origin);
  },
);

withNginx("pages of other hosts cannot use a user's server, but can lead to it", async (t) => {
  const host = `ada.${domain}`;
  const purposes = [
    ["cors", "empty"],
    ["websocket", "websocket"],
  ] as const;
  for (const site of ["same-site", "cross-site"]) {
    t.is((await get(host, "/user/ada/lab", from(site, "navigate", "document"))).status, 200);
    t.is((await get(host, "/user/ada/lab", from(site, "navigate", "iframe"))).status, 403);
    for (const path of ["/user/ada/api/contents", "/user/ada/terminals/websocket/1"])
      for (const [mode, destination] of purposes)
        t.is((await get(host, path, from(site, mode, destination))).status, 403, path + mode);
  }
  for (const [mode, destination] of purposes) {
    const own = from("same-origin", mode, destination);
    t.is((await get(host, "/user/ada/api/contents", own)).status, 200);
  }
});
