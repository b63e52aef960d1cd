import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request } from "node:https";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import test from "ava";
import { waitUntil } from "../../src/wait.js";
import { ask, askDuringReload, handshake, sendRaw, upgraded } from "./support/client.js";
import { type Edge, edgeToken, eventually, startEdge } from "./support/running-edge.js";
import { type Names, type Upstream, startNames, startUpstream } from "./support/upstream.js";
import { hasNginx, withNginx } from "./support/with-nginx.js";

type Site = { upstream: Upstream; names: Names; edge: Edge; close: () => Promise<void> };

const startSite = async (changes: Record<string, unknown> = {}): Promise<Site> => {
  const upstream = await startUpstream();
  const names = await startNames([["proxy", "127.0.0.1"]]);
  const [proxy, resolver] = [`proxy:${upstream.port}`, `127.0.0.1:${names.port}`];
  const closeServers = async () => {
    names.close();
    await upstream.close();
  };
  const edge = await startEdge({ upstream: proxy, resolver, ...changes }).catch(async (error) => {
    await closeServers();
    throw error;
  });
  const close = async () => {
    await edge.close();
    await closeServers();
  };
  return { upstream, names, edge, close };
};

const loopback = { host: "127.0.0.1", agent: false, rejectUnauthorized: false } as const;

/** An edge for all tests that do not change it: no domain, self-signed. */
let common: Site;
test.before(async () => {
  if (hasNginx) common = await startSite();
});
test.after.always(() => common?.close());

withNginx("plain HTTP is redirected to HTTPS, with the same path and query", async (t) => {
  const { http, https } = common.edge.ports;
  const { status, headers } = await ask(http, "/hub/a%2Fb?next=c", { tls: false });
  t.is(status, 307);
  t.is(headers.location, `https://127.0.0.1:${https}/hub/a%2Fb?next=c`);
});

withNginx(
  "TLS 1.2, 1.3 and HTTP/2 work, TLS 1.1 does not, with a certificate for the address",
  async (t) => {
    const { https } = common.edge.ports;
    const trusted = { ca: await common.edge.certificate(), rejectUnauthorized: true };
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      const socket = await handshake(https, {
        ...trusted,
        minVersion: version,
        maxVersion: version,
      });
      t.is(socket.getProtocol(), version);
      socket.destroy();
    }
    const old = {
      minVersion: "TLSv1",
      maxVersion: "TLSv1.1",
      ciphers: "DEFAULT@SECLEVEL=0",
    } as const;
    await t.throwsAsync(handshake(https, old));

    const session = connectHttp2(`https://127.0.0.1:${https}`, trusted);
    const [headers] = (await once(session.request({ ":path": "/x" }), "response")) as [
      Record<string, unknown>,
    ];
    t.is(headers[":status"], 200);
    session.destroy();
  },
);

withNginx("forwarded headers from a client are dropped", async (t) => {
  const claims = {
    "X-Forwarded-For": "6.6.6.6",
    "X-Real-IP": "6.6.6.6",
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "1",
    "X-Forwarded-User": "teacher",
    "Remote-User": "teacher",
    "X-Scheme": "gopher",
    "X-Swarmhub-Forwarded": "gopher",
    Forwarded: "for=6.6.6.6;proto=gopher;host=evil.example",
  };
  const { https } = common.edge.ports;
  const { body } = await ask(https, "/", { headers: claims });
  t.notRegex(body, /6\.6\.6\.6|gopher|evil|teacher/);
  const { headers } = JSON.parse(body) as { headers: Record<string, string> };
  t.is(headers["x-forwarded-for"], "127.0.0.1");
  t.is(headers["x-real-ip"], "127.0.0.1");
  t.is(headers["x-swarmhub-forwarded"], edgeToken);
  t.is(headers["x-forwarded-proto"], "https");
  t.is(headers["host"], `127.0.0.1:${https}`);
});

withNginx("path and query are passed on unchanged", async (t) => {
  const path = "/user/a%40b//files/x%2Fy%20z.ipynb?q=%C3%A4&token=1";
  const { body } = await ask(common.edge.ports.https, path);
  t.is((JSON.parse(body) as { url: string }).url, path);
});

withNginx("an error page of the hub reaches the browser unchanged", async (t) => {
  const { status, body } = await ask(common.edge.ports.https, "/not-running");
  t.is(status, 503);
  t.is(body, `{"message": "not running"}`);
});

withNginx("a stream of events is not buffered, and neither is an upload to a server", async (t) => {
  const { https } = common.edge.ports;
  const sent = request({ ...loopback, port: https, path: "/user/ada/stream", method: "POST" });
  sent.on("error", () => {});
  sent.write("half of it");
  const [response] = (await once(sent, "response")) as [NodeJS.ReadableStream];
  const [data] = (await once(response, "data")) as [Buffer];
  t.is(data.toString(), "data: half of it\n\n");
  sent.destroy();
});

withNginx("long texts are compressed for clients that accept it", async (t) => {
  const headers = { "Accept-Encoding": "gzip" };
  const { https } = common.edge.ports;
  const sent = request({ ...loopback, port: https, path: "/long.js", headers }).end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  t.is(response.headers["content-encoding"], "gzip");
  t.is(gunzipSync(await buffer(response)).length, 5000);
});

withNginx("without a domain the edge answers to any address, and to no name", async (t) => {
  const statusFor = async (Host: string) =>
    (await ask(common.edge.ports.https, "/", { headers: { Host } })).status;
  t.is(await statusFor("203.0.113.10"), 200);
  t.is(await statusFor("[2001:db8::1]"), 200);
  t.is(await statusFor("localhost:8443"), 200);
  t.is(await statusFor("evil.example"), 421);
  t.is(await sendRaw(common.edge.ports.http, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"), "");
});

withNginx("with a domain the edge answers to no other name", async (t) => {
  const { edge, close } = await startSite({ domain: "geo.example.org" });
  t.teardown(close);
  const { http, https } = edge.ports;
  const [Host, servername] = ["geo.example.org", "geo.example.org"];
  const statusFor = async (name: string) =>
    (await ask(https, "/", { servername, headers: { Host: name } })).status;
  t.is(await statusFor(Host), 200);
  t.is(await statusFor("evil.example"), 421);
  const unrecognized = { message: /unrecognized name/ };
  await t.throwsAsync(handshake(https, { servername: "evil.example" }), unrecognized);
  await t.throwsAsync(handshake(https), unrecognized);
  t.is(await sendRaw(http, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"), "");
  const { headers } = await ask(http, "/", { tls: false, headers: { Host } });
  t.is(headers.location, `https://geo.example.org:${https}/`);
});

withNginx("with TLS off it serves plain HTTP, and a request cannot name two hosts", async (t) => {
  const { edge, close } = await startSite({ tls: { kind: "off" } });
  t.teardown(close);
  const { status, body } = await ask(edge.ports.http, "/", { tls: false });
  t.is(status, 200);
  t.regex(body, /"x-forwarded-proto":"http"/);

  const twoHosts =
    "GET http://127.0.0.1/x HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
  const answer = await sendRaw(edge.ports.http, twoHosts);
  t.regex(answer, /"host":"127\.0\.0\.1"/);
  t.notRegex(answer, /evil/);
});

withNginx("an open websocket survives a reload and invalid settings", async (t) => {
  const { edge, close } = await startSite();
  t.teardown(close);
  const { head, socket, echo } = await upgraded(edge.ports.https, "127.0.0.1");
  t.regex(head, /^HTTP\/1\.1 101 /);
  t.is(await echo("one"), "one");

  await reload(edge, { tls: { kind: "perhaps" } }, "not reloaded, nginx keeps its configuration");
  t.is((await ask(edge.ports.https, "/")).status, 200);

  await reload(edge, { domain: "geo.example.org" }, "edge: reloaded");
  const servername = "geo.example.org";
  const isNew = async () => {
    const options = { servername, headers: { Host: servername } };
    return (await askDuringReload(edge.ports.https, "/", options)).status === 200;
  };
  await eventually(isNew, "the new name is served");
  t.is(await echo("two"), "two");
  socket.destroy();
});

withNginx(
  "without the proxy there is our own page, and no reload is needed when it is back",
  async (t) => {
    const { edge, names, upstream, close } = await startSite();
    t.teardown(close);
    const { https } = edge.ports;
    names.addresses.clear();
    // For a moment after a reload nginx's old workers answer too.
    const away = await waitUntil(
      async () => {
        const answer = await askDuringReload(https, "/hub/login?token=hidden");
        return answer.status === 503 ? answer : undefined;
      },
      { deadline: 25_000, every: 30, otherwise: () => new Error("the name still resolves") },
    );
    t.is(away.headers["retry-after"], "5");
    t.regex(away.body, /Back in a moment/);

    names.addresses.set("proxy", "127.0.0.1");
    const back = await askDuringReload(https, "/");
    t.is(back.status, 200, "at once: the name is resolved for each request");
    await upstream.close();
    const Referer = "https://127.0.0.1/?token=hidden";
    const refused = await askDuringReload(https, "/refused?token=hidden", { headers: { Referer } });
    t.is(refused.status, 503);
    const again = await startUpstream(upstream.port);
    t.teardown(again.close);
    t.is((await askDuringReload(https, "/back?token=hidden")).status, 200);

    // The errors are in the log without their query strings, which may contain tokens.
    // Errors and requests come by two streams, so their order says nothing.
    const lines = [/could not be resolved/, /Connection refused/, /"GET \/back HTTP/];
    const logged = async () => {
      const output = await edge.output();
      return lines.every((line) => line.test(output));
    };
    await eventually(logged, "all three requests are logged");
    t.notRegex(await edge.output(), /hidden/);
  },
);

withNginx(
  "connections to the proxy are reused, and a change of its address is followed",
  async (t) => {
    const { edge, names, upstream, close } = await startSite();
    t.teardown(close);
    const ports = new Set<string>();
    for (let turn = 0; turn < 12; turn += 1)
      ports.add((await ask(edge.ports.https, "/from-port")).body);
    t.true(ports.size <= 2, `one for each worker, not ${ports.size}`);

    const moved = await startUpstream(upstream.port, "127.0.0.2");
    t.teardown(moved.close);
    names.addresses.set("proxy", "127.0.0.2");
    const isFollowed = async () =>
      (await askDuringReload(edge.ports.https, "/at")).body === "127.0.0.2";
    await eventually(isFollowed, "the other address answers");
  },
);

withNginx("SIGTERM ends the edge within seconds, also with an open websocket", async (t) => {
  const { edge, close } = await startSite();
  t.teardown(close);
  const { socket } = await upgraded(edge.ports.https, "127.0.0.1");
  edge.process.kill("SIGTERM");
  t.is(await edge.ended, 0);
  socket.destroy();
});

withNginx("when nginx is killed the edge ends, so that Swarm restarts it", async (t) => {
  const { edge, close } = await startSite();
  t.teardown(close);
  const [master = Number.NaN] = await childrenOf(edge.process.pid ?? Number.NaN);
  // Orphans, which end with their container in production.
  const workers = await childrenOf(master, 2);
  t.teardown(() => workers.forEach(killIfAlive));
  process.kill(master, "SIGKILL");
  t.is(await edge.ended, 1);
});

const reload = async (
  edge: Edge,
  changes: Record<string, unknown>,
  output: string,
): Promise<void> => {
  await edge.change(changes);
  edge.process.kill("SIGHUP");
  await eventually(async () => (await edge.output()).includes(output), `the edge logs "${output}"`);
};

/** Waits for the children of a process: without any the list would be read as process 0, and killing that ends the process group of the tests. */
const childrenOf = (pid: number, count = 1): Promise<number[]> =>
  waitUntil(
    async () => {
      const list = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
      const children = list.trim().split(" ").map(Number);
      return list.trim() !== "" && children.length >= count ? children : undefined;
    },
    { deadline: 25_000, every: 30, otherwise: () => new Error(`${pid} has no ${count} children`) },
  );

const killIfAlive = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
};
