import type { OutgoingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import test, { type ExecutionContext } from "ava";
import { ask } from "./support/client.js";
import { type Edge, startEdge } from "./support/running-edge.js";
import { startUpstream } from "./support/upstream.js";
import { withNginx } from "./support/with-nginx.js";

let edge: Edge;
let close = async () => {};

test.before(async () => {
  const upstream = await startUpstream();
  edge = await startEdge({ tls: { kind: "off" }, upstream: `127.0.0.1:${upstream.port}` });
  close = async () => {
    await edge.close();
    await upstream.close();
  };
});
test.after.always(() => close());

const purposes = {
  tab: ["navigate", "document"],
  frame: ["navigate", "iframe"],
  object: ["navigate", "object"],
  fetch: ["cors", "empty"],
  "fetch with no-cors": ["no-cors", "empty"],
  "fetch with same-origin": ["same-origin", "empty"],
  script: ["no-cors", "script"],
  image: ["no-cors", "image"],
  worker: ["same-origin", "serviceworker"],
  websocket: ["websocket", "websocket"],
} as const;
type Purpose = keyof typeof purposes;
const all = Object.keys(purposes) as Purpose[];

const headersOf = (purpose: Purpose): OutgoingHttpHeaders => {
  const [mode, destination] = purposes[purpose];
  return { "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": destination };
};

const get = (path: string, headers: OutgoingHttpHeaders = {}) =>
  ask(edge.ports.http, path, { tls: false, headers });

const allows = async (t: ExecutionContext, path: string, allowed: readonly Purpose[]) => {
  for (const purpose of all) {
    const { status, headers } = await get(path, headersOf(purpose));
    t.is(status, allowed.includes(purpose) ? 200 : 403, `${purpose} of ${path}`);
    t.is(headers["cross-origin-opener-policy"], "noopener-allow-popups");
    t.regex(String(headers["content-security-policy"]), /frame-ancestors 'none'/);
  }
  t.is((await get(path)).status, 200, `${path} for programs, which do not say what it is for`);
};

withNginx("pages of the hub are only for tabs of a browser", async (t) => {
  const paths = [
    "/hub",
    "/hub/",
    "/hub/token",
    "/hub/login?next=%2F",
    "/hub/none",
    "/hub/%74oken",
    "/hub/lti13/oauth_callback",
  ];
  for (const path of [...paths, "/hub/api/oauth2/authorize?client_id=x", "/hub/..%2Fuser/x/y"])
    await allows(t, path, ["tab"]);
});

withNginx(
  "the API of hub and servers is for tabs and scripts that JupyterHub checks",
  async (t) => {
    const allowed = ["tab", "fetch", "fetch with same-origin", "websocket"] as const;
    const paths = ["/hub/api/users", "/hub/api/", "/hub/user/ada/api/kernels", "/user/ada/api/me"];
    for (const path of paths) await allows(t, path, allowed);
  },
);

withNginx("the page of the room is only for tabs, and its data for its script", async (t) => {
  for (const path of ["", "/", "/oauth_callback?code=x"])
    await allows(t, `/services/room${path}`, ["tab"]);
  const allowed = ["tab", "fetch", "fetch with same-origin", "websocket"] as const;
  for (const path of ["events?_xsrf=x", "act", "output"])
    await allows(t, `/services/room/${path}`, allowed);
  await allows(t, "/services/room/static/room.js", all);
});

withNginx("JupyterLab's pages, which have a token, are only for tabs", async (t) => {
  const pages = ["lab", "lab/", "lab/tree/a.ipynb", "lab/workspaces/x", "doc/tree/a", "tree"];
  const others = ["notebooks/a.ipynb", "edit/a", "consoles/1", "terminals/websocket/1"];
  for (const path of [...pages, ...others, "nbclassic/tree"])
    await allows(t, `/user/ada/${path}`, ["tab", "image", "websocket"]);
});

withNginx("files are for everything, but a document made of one has no origin", async (t) => {
  for (const path of ["/hub/static/js/admin-react.js", "/hub/logo", "/hub/health"]) {
    await allows(t, path, all);
    const { headers } = await get(path, headersOf("tab"));
    t.regex(String(headers["content-security-policy"]), /^sandbox;/);
  }
});

withNginx("all other pages of users' servers are as their servers say", async (t) => {
  const paths = ["lab/api/workspaces", "lab/extensions/x.js", "static/lab/x.js", "files/x.html"];
  for (const path of [...paths, "proxy/8080/tree", "lsp/ws"])
    for (const purpose of all) {
      const { status, headers } = await get(`/user/ada/${path}`, headersOf(purpose));
      t.is(status, 200, `${purpose} of ${path}`);
      t.is(headers["cross-origin-opener-policy"], undefined);
      t.is(headers["content-security-policy"], undefined);
    }
});

withNginx("no script can come from the folder of all users' servers", async (t) => {
  for (const [path, to] of [
    ["/user/mallory", "/user/mallory/"],
    ["/user/mallory?a=b", "/user/mallory/?a=b"],
  ] as const) {
    const { status, headers } = await get(path, headersOf("worker"));
    t.deepEqual([status, headers.location], [307, to]);
  }
});

withNginx("bodies are small, except to users' servers", async (t) => {
  const statusOf = async (path: string, bytes: number) => {
    const send = "x".repeat(bytes - 2);
    return (await ask(edge.ports.http, path, { tls: false, method: "POST", send })).status;
  };
  t.is(await statusOf("/hub/login", 100_000), 200);
  t.is(await statusOf("/user/ada/api/contents/a", 3_000_000), 200);
  for (const path of ["/hub/login", "/", "/users/x"])
    t.is(await statusOf(path, 150_000), 413, path);
});

withNginx("an unfinished body does not reach the hub, and ends", async (t) => {
  const socket = connect(edge.ports.http, "127.0.0.1");
  const lines = ["POST /hub/login HTTP/1.1", "Host: 127.0.0.1", "Content-Length: 1000", "", "x"];
  const started = performance.now();
  socket.write(lines.join("\r\n"));
  t.notRegex(await text(socket).catch(() => ""), / 200 /);
  t.true(performance.now() - started < 25_000);
});
