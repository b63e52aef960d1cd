import { once } from "node:events";
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
  request as requestPlain,
} from "node:http";
import { request as requestTls } from "node:https";
import { type Socket, connect as connectPlain } from "node:net";
import { text } from "node:stream/consumers";
import { type ConnectionOptions, connect as connectTls } from "node:tls";

/** A response with its whole body. */
export type Answer = { status: number; headers: IncomingHttpHeaders; body: string };

type Extra = { tls?: boolean; servername?: string; send?: unknown };

/** Sends a request over TLS without verifying the certificate, or in plain with `tls: false`; each on its own connection. */
export const ask = async (
  port: number,
  path: string,
  { tls = true, send, ...options }: RequestOptions & Extra = {},
): Promise<Answer> => {
  const all = { host: "127.0.0.1", port, path, agent: false, ...options };
  const sent = tls ? requestTls({ ...all, rejectUnauthorized: false }) : requestPlain(all);
  sent.end(send === undefined ? undefined : JSON.stringify(send));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: await text(response),
  };
};

/** A TLS connection after its handshake; throws where that fails. */
export const handshake = async (port: number, options: ConnectionOptions = {}) => {
  const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options });
  await once(socket, "secureConnect");
  return socket;
};

/** Sends plain bytes; answers everything received until the other side closes or resets. */
export const sendRaw = async (port: number, bytes: string): Promise<string> => {
  const socket = connectPlain(port, "127.0.0.1");
  // The socket stays open: nginx would treat an ended one as a client that has gone.
  socket.write(bytes);
  return text(socket).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ECONNRESET") return "";
    throw error;
  });
};

/** An upgraded connection; `echo` sends a line and answers the reply. */
export const upgraded = async (
  port: number,
  host: string,
  { tls = true, ...options }: ConnectionOptions & { tls?: boolean } = {},
) => {
  const socket: Socket = tls ? await handshake(port, options) : connectPlain(port, "127.0.0.1");
  const lines = ["GET /user/ada/api/kernels HTTP/1.1", `Host: ${host}`, "Connection: Upgrade"];
  const head = await reply(socket, [...lines, "Upgrade: websocket", "", ""].join("\r\n"));
  return { head, socket, echo: (line: string) => reply(socket, line) };
};

const reply = async (socket: Socket, bytes: string): Promise<string> => {
  socket.write(bytes);
  const [data] = (await once(socket, "data")) as [Buffer];
  return data.toString();
};
