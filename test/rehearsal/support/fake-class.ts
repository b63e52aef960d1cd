import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { ExecutionContext } from "ava";
import { type WebSocket, WebSocketServer } from "ws";
import { decodeFrame } from "../../../src/rehearsal/person/kernel-messages.js";

/** What a kernel of the fake class does with code. */
export type CellAnswer = "ok" | "error" | "ended" | "closed" | "silence" | "junk";

/** An answer of the fake class, by method and path. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;
type Answers = Record<string, Answer>;

type FakeClass = { address: string; asked: string[]; sockets: string[] };

const user = "/user/Rehearsal-1";
const config = `<script id="jupyter-config-data" type="application/json">{"token":"secret"}</script>`;
const main = `x=>""+(7===e?"jlab_core":e)+"."+{5:"aaaaaaaaaaaaaaaa",7:"bbbbbbbbbbbbbbbb"}[e]`;

const json = (value: unknown) => (_request: IncomingMessage, response: ServerResponse) =>
  void response.end(JSON.stringify(value));
const redirect =
  (location: string, cookie: string) => (_: IncomingMessage, answer: ServerResponse) =>
    void answer.writeHead(302, { Location: location, "Set-Cookie": cookie }).end();

const routes: Answers = {
  "GET /hub/login": (_request, response) => {
    response.setHeader("Set-Cookie", "_xsrf=before; Path=/hub/");
    response.end(`<link href="/hub/static/a.css"><script src="/hub/static/b.js"></script>`);
  },
  "POST /hub/rehearsal": redirect("/hub/spawn", "_xsrf=hub; Path=/hub/"),
  "GET /hub/spawn": redirect(
    "/hub/spawn-pending/Rehearsal-1",
    "jupyterhub-hub-login=1; Path=/hub/",
  ),
  "GET /hub/spawn-pending/Rehearsal-1": (_request, response) => void response.end("starting"),
  "GET /hub/api/users/Rehearsal-1/server/progress": (_request, response) => {
    response.write(
      'data: {"progress": 5, "message": "All seats are taken. You are number 3 in the queue."}\n\n',
    );
    response.end('data: {"progress": 100, "ready": true}\n\n');
  },
  [`GET ${user}/lab`]: (_request, response) => {
    response.setHeader("Set-Cookie", `_xsrf=own; Path=${user}/`);
    response.end(
      `${config}<script src="${user}/static/lab/main.0123456789abcdef.js?v=1"></script>`,
    );
  },
  [`GET ${user}/static/lab/main.0123456789abcdef.js`]: (_request, response) =>
    void response.end(main),
  [`GET ${user}/api/kernelspecs`]: json({ default: "python3", kernelspecs: { python3: {} } }),
  [`POST ${user}/api/sessions`]: json({ kernel: { id: "k1" } }),
};

/** A class with one user's server, and a kernel that answers each code with `cells`; the last answer is repeated. */
export const fakeClass = async (
  t: ExecutionContext,
  { answers = {}, cells = ["ok"] }: { answers?: Answers; cells?: CellAnswer[] } = {},
): Promise<FakeClass> => {
  const found: FakeClass = { address: "", asked: [], sockets: [] };
  const server = createServer((request, response) => {
    const key = `${request.method} ${request.url?.replace(/\?.*/, "")}`;
    found.asked.push(`${key} ${String(request.headers["x-xsrftoken"] ?? "")}`.trim());
    const route = { ...routes, ...answers }[key] ?? json({});
    request.resume().once("end", () => route(request, response));
  });
  const sockets = new WebSocketServer({ server });
  const left = [...cells];
  sockets.on("connection", (socket, request) => {
    found.sockets.push(`${request.url?.replace(/\?.*/, "")} ${request.headers.cookie}`);
    socket.on("message", (data: Buffer) => {
      const message = decodeFrame(data);
      if (message === undefined) return t.fail("a frame that is none");
      const isInfo = message.type === "kernel_info_request";
      answerRequest(socket, data, isInfo ? "ok" : (left.length > 1 ? left.shift() : left[0])!);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.teardown(() => {
    for (const client of sockets.clients) client.terminate();
    server.closeAllConnections();
    server.close();
  });
  found.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return found;
};

const answerRequest = (socket: WebSocket, request: Buffer, answer: CellAnswer): void => {
  if (answer === "silence") return;
  if (answer === "closed") return socket.terminate();
  const parent = headerOf(request);
  const send = (channel: string, type: string, content: object, about: object = parent) =>
    socket.send(frame(channel, [{ msg_type: type }, about, {}, content]));
  if (answer === "junk") {
    for (const junk of [Buffer.alloc(0), Buffer.alloc(900, 0xff), Buffer.from("{}")])
      socket.send(junk);
    socket.send(frame("iopub", [null, 1, "x", []] as never));
  }
  if (answer === "ended") return send("iopub", "status", { execution_state: "restarting" }, {});
  // The reply may overtake the state, and other requests' states do not count.
  send("iopub", "status", { execution_state: "idle" }, { msg_id: "another" });
  const type = String((parent as { msg_type?: unknown }).msg_type).replace("_request", "_reply");
  const fault = {
    status: "error",
    ename: "NameError",
    evalue: "name 'x' is\u001b[31m not defined",
  };
  send("shell", type, answer === "error" ? fault : { status: "ok" });
  send("iopub", "status", { execution_state: "idle" });
};

const headerOf = (request: Buffer): object => {
  const [from, to] = [2, 3].map((index) => Number(request.readBigUInt64LE(8 * index)));
  return JSON.parse(request.subarray(from, to).toString()) as object;
};

const frame = (channel: string, parts: readonly object[]): Buffer => {
  const all = [Buffer.from(channel), ...parts.map((part) => Buffer.from(JSON.stringify(part)))];
  const head = Buffer.alloc(8 * (all.length + 2));
  head.writeBigUInt64LE(BigInt(all.length + 1));
  let offset = head.length;
  for (const [index, part] of all.entries()) {
    head.writeBigUInt64LE(BigInt(offset), 8 * (index + 1));
    offset += part.length;
  }
  head.writeBigUInt64LE(BigInt(offset), 8 * (all.length + 1));
  return Buffer.concat([head, ...all]);
};
