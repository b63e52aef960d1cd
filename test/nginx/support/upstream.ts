import { createSocket } from "node:dgram";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A fake proxy: answers with the request as JSON, and echoes the bytes of an upgraded connection. */
export type Upstream = { port: number; close: () => Promise<void> };

/** Starts one on a port of a loopback address, or on a free one. Some paths have other answers: see below. */
export const startUpstream = async (port = 0, address = "127.0.0.1"): Promise<Upstream> => {
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? ""] ?? echo;
    answer(request, response);
  });
  server.on("upgrade", (_request, socket) => {
    socket.on("error", () => {});
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(port, address, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

type Respond = (request: IncomingMessage, response: ServerResponse) => void;

const echo: Respond = ({ method, url, headers }, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ method, url, headers }));
};

const answers: Record<string, Respond> = {
  "/not-running": (_request, response) => {
    response.writeHead(503).end(`{"message": "not running"}`);
  },
  "/from-port": ({ socket }, response) => {
    response.end(`${socket.remotePort}`);
  },
  "/at": ({ socket }, response) => {
    response.end(socket.localAddress);
  },
  // Answers the first bytes of the request at once; the answer never ends.
  "/user/ada/stream": (request, response) => {
    request.once("data", (data: Buffer) => {
      response.setHeader("content-type", "text/event-stream");
      response.write(`data: ${data.toString()}\n\n`);
    });
  },
  // An answer that breaks off after its beginning.
  "/broken-off": ({ socket }, response) => {
    response.write("data: the beginning\n\n", () => setTimeout(() => socket.destroy(), 100));
  },
  "/long.js": (_request, response) => {
    response.setHeader("content-type", "application/javascript").end("x".repeat(5000));
  },
};

/** A DNS server with these names (IPv4), which a test may change. */
export type Names = { addresses: Map<string, string>; port: number; close: () => void };

/** Starts one on loopback, like Docker's at 127.0.0.11. */
export const startNames = async (entries: readonly [string, string][]): Promise<Names> => {
  const addresses = new Map(entries);
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    socket.send(answerTo(query, addresses), from.port, from.address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, "127.0.0.1", resolve);
  });
  return { addresses, port: socket.address().port, close: () => socket.close() };
};

/** The part of RFC 1035 that one question of type A needs. */
const answerTo = (query: Buffer, addresses: ReadonlyMap<string, string>): Buffer => {
  const question = query.subarray(12, query.indexOf(0, 12) + 5);
  const address = addresses.get(nameIn(question));
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(address === undefined ? 0x8183 : 0x8180, 2);
  header.writeUInt16BE(1, 4);
  if (address === undefined) return Buffer.concat([header, question]);
  header.writeUInt16BE(1, 6);
  const record = [0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...address.split(".").map(Number)];
  return Buffer.concat([header, question, Buffer.from(record)]);
};

const nameIn = (question: Buffer): string => {
  const labels: string[] = [];
  for (let at = 0; question[at]; at += question[at]! + 1)
    labels.push(question.toString("latin1", at + 1, at + 1 + question[at]!));
  return labels.join(".");
};
