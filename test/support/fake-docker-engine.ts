import { mkdtemp, rm } from "node:fs/promises";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";

/** A server that answers HTTP on a unix socket, like Docker Engine. */
export type FakeEngine = {
  path: string;
  /** "METHOD path?query" of each request. */
  asked: string[];
  /** The number of connections so far. */
  connections: () => number;
  /** Closes all connections. */
  hangUp: () => void;
};

/** Starts one for a test; it responds with status 501 if `answer` returns false. */
export const fakeEngine = async (
  t: ExecutionContext,
  answer: (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>,
): Promise<FakeEngine> => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-engine-"));
  const path = join(folder, "docker.sock");
  const asked: string[] = [];
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    void Promise.resolve(answer(request, response)).then((isAnswered) => {
      if (isAnswered) return;
      response.writeHead(501).end(JSON.stringify({ message: "unexpected request" }));
    });
  });
  server.on("connection", (socket) => {
    connections += 1;
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  const hangUp = () => {
    for (const socket of open) socket.destroy();
  };
  await new Promise<void>((listening) => {
    server.listen(path, listening);
  });
  t.teardown(async () => {
    hangUp();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { path, asked, connections: () => connections, hangUp };
};

/** Responds with JSON. */
export const json = (response: ServerResponse, code: number, value: unknown): true => {
  response.writeHead(code, { "Content-Type": "application/json" }).end(JSON.stringify(value));
  return true;
};

/** Responds with lines of JSON, like a pull or a build; `isOpen` leaves the response open. */
export const jsonLines = (
  response: ServerResponse,
  messages: readonly object[],
  isOpen = false,
): true => {
  response.writeHead(200, { "Content-Type": "application/json" });
  for (const message of messages) response.write(`${JSON.stringify(message)}\r\n`);
  if (!isOpen) response.end();
  return true;
};
