import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type IncomingHttpHeaders, createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import test from "ava";
import { keepToOwnPath } from "../../proxy/user-answers.js";
import { ask } from "../nginx/support/client.js";
import { answering, freePorts, startProgram } from "../nginx/support/running-edge.js";

const cookiesOf = (cookie: string, path = "/user/ada/lab", prefix = "/user/ada") => {
  const headers: IncomingHttpHeaders = { "set-cookie": [cookie] };
  keepToOwnPath(headers, prefix, path);
  return headers["set-cookie"];
};

test("cookies for the server's own path pass", (t) => {
  const own = [
    "_xsrf=1; Path=/user/ada/",
    "a=1; path=/user/ada; HttpOnly",
    "a=1; Domain=; Path=/user/ada/lab",
    "a=1; Path=/hub/; Path=/user/ada/",
    "a=1",
  ];
  for (const cookie of own) t.deepEqual(cookiesOf(cookie), [cookie]);
  const mail = "a=1; Path=/user/ada%40example.org/";
  t.deepEqual(cookiesOf(mail, "/user/ada%40example.org/lab", "/user/ada@example.org"), [mail]);
});

test("cookies for other paths and for the whole domain do not pass", (t) => {
  const foreign = [
    "jupyterhub-session-id=1; Path=/",
    "jupyterhub-hub-login=1; Path=/hub/",
    "_xsrf=1; Path=/user/bob/",
    "a=1; Path=/user/ada-2/",
    "a=1; Path=/user/ada/; path = /hub/",
    "a=1; PATH=/%68ub/",
    "a=1; Path=/user/%",
    "a=1; Path=/user/ada/; Domain=example.org",
    "a=1; Path=/user/ada/;Domain=.example.org; Secure",
  ];
  for (const cookie of foreign) t.deepEqual(cookiesOf(cookie), [], cookie);
});

test("a cookie without a path stays in the server's own, also if the request's path has encoded slashes", (t) => {
  for (const path of ["/user%2Fada%2Fx", "/user/ada", "/user/bob/..%2Fada/x/..%2Fy"])
    for (const cookie of ["a=1", "a=1; Path=x", "a=1; Path="])
      t.deepEqual(cookiesOf(cookie, path), [`${cookie}; Path=/user/ada/`]);
});

test("on a host of its own a server has all paths, and no cookie for the whole domain", (t) => {
  const own = ["__Host-jupyterhub-user-ada=1; Path=/; Secure", "_xsrf=1; Path=/user/ada/", "a=1"];
  for (const cookie of own) t.deepEqual(cookiesOf(cookie, "/user/ada/lab", ""), [cookie]);
  for (const domain of ["geo.example.org", ".geo.example.org", "ada.geo.example.org"])
    t.deepEqual(cookiesOf(`a=1; Path=/; Domain=${domain}`, "/user/ada/lab", ""), []);
  const headers: IncomingHttpHeaders = { "clear-site-data": '"cookies"', "x-own": "stays" };
  keepToOwnPath(headers, "", "/user/ada/lab");
  t.deepEqual(headers, { "x-own": "stays" });
});

test("the proxy takes what would act on the whole origin from users' answers, also to a websocket, and not from the hub's", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-answers-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const hostile = {
    "Service-Worker-Allowed": "/",
    "Clear-Site-Data": '"*"',
    "Alt-Svc": 'h3=":8443"',
    "Strict-Transport-Security": "max-age=99999999",
    NEL: "{}",
    "Report-To": "{}",
    "X-Accel-Redirect": "/hub/token",
    "Origin-Agent-Cluster": "?0",
    "Set-Cookie": ["session=1; Path=/", "own=1; Path=/user/ada/"],
    "X-Own": "stays",
  };
  const server = createServer((request, response) => {
    response.writeHead(request.headers.upgrade === undefined ? 200 : 403, hostile).end();
  }).listen(0, "127.0.0.1");
  server.on("upgrade", (request, socket) => {
    const refused = request.url?.endsWith("refused");
    const lines = Object.entries(hostile)
      .flatMap(([name, values]) => [values].flat().map((value) => `${name}: ${value}`))
      .join("\r\n");
    const upgrade = "Connection: Upgrade\r\nUpgrade: websocket";
    socket.end(
      refused === true
        ? `HTTP/1.1 403 No\r\n${lines}\r\nContent-Length: 0\r\n\r\n`
        : `HTTP/1.1 101 Switching Protocols\r\n${upgrade}\r\n${lines}\r\n\r\n`,
    );
  });
  await once(server, "listening");
  t.teardown(() => server.close());
  const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  await writeFile(join(folder, "token"), "secret");
  const [port, api] = await freePorts(3);
  const secrets = ["token-file", "edge-token-file"].map((each) => `--${each}=${folder}/token`);
  const files = [...secrets, "--pages", folder];
  const listen = [`--listen=127.0.0.1:${port}`, `--api-listen=127.0.0.1:${api}`];
  const argv = [...files, ...listen, `--default-target=${target}`];
  const running = startProgram("../../../proxy/proxy.js", argv, join(folder, "output"));
  t.teardown(async () => {
    running.process.kill();
    await running.ended;
  });
  await answering(api, running);
  const headers = { Authorization: "token secret" };
  const route = { tls: false, method: "POST", headers, send: { target } };
  t.is((await ask(api, "/api/routes/user/ada/", route)).status, 201);

  const { headers: own } = await ask(port, "/user/ada/lab", { tls: false });
  const left = Object.keys(own).filter(
    (name) => !/^(date|connection|content-length|keep-)/.test(name),
  );
  t.deepEqual(left, ["set-cookie", "x-own"]);
  t.deepEqual(own["set-cookie"], ["own=1; Path=/user/ada/"]);
  for (const path of ["/user/ada/ws", "/user/ada/refused"]) {
    const socket = connect(port, "127.0.0.1");
    const lines = [`GET ${path} HTTP/1.1`, "Host: x", "Connection: Upgrade", "Upgrade: websocket"];
    socket.write([...lines, "", ""].join("\r\n"));
    const answer = await text(socket);
    t.regex(answer, path.endsWith("ws") ? /^HTTP\/1\.1 101 / : /^HTTP\/1\.1 403 /);
    t.regex(answer, /own=1[^]*x-own: stays|x-own: stays[^]*own=1/i);
    t.notRegex(answer, /session|redirect|worker|clear|alt-svc|strict|nel:|report|cluster/i);
  }
  const hub = await ask(port, "/hub/logout", { tls: false });
  t.deepEqual(hub.headers["set-cookie"], hostile["Set-Cookie"]);
});
