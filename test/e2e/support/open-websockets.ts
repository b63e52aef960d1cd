import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { connect as connectTls } from "node:tls";

/** Counts of open websockets: the answers, the broken connections, and the slowest answer in milliseconds. */
export type WebsocketStats = { answers: number; broken: string[]; slowest: number };

/** Opens websockets to a site, over TLS if the port is 443, and sends a message over each once a second, until `stop` is called. */
export const openWebsockets = async (
  host: string,
  port: number,
  servername: string,
  count: number,
): Promise<{ stats: WebsocketStats; stop: () => WebsocketStats }> => {
  const stats: WebsocketStats = { answers: 0, broken: [], slowest: 0 };
  const sockets: Socket[] = [];
  try {
    for (let number = 0; number < count; number += 1)
      sockets.push(await openWebsocket(host, port, servername));
  } catch (error) {
    for (const socket of sockets) socket.destroy();
    throw error;
  }
  let stopped = false;
  const timers = sockets.map((socket, number) => {
    let sent: { text: string; at: number } | undefined;
    socket.on("data", (data: string) => {
      if (sent === undefined || data !== sent.text) return;
      stats.answers += 1;
      stats.slowest = Math.max(stats.slowest, performance.now() - sent.at);
      sent = undefined;
    });
    let reason = "was closed";
    socket.on("close", () => stopped || stats.broken.push(`connection ${number} ${reason}`));
    socket.on("error", ({ message }: Error) => (reason = `broke: ${message}`));
    let messages = 0;
    return setInterval(() => {
      // The time of a message without an answer counts too.
      if (sent !== undefined) {
        stats.slowest = Math.max(stats.slowest, performance.now() - sent.at);
        return;
      }
      messages += 1;
      sent = { text: `${number}:${messages}\n`, at: performance.now() };
      socket.write(sent.text);
    }, 1000);
  });
  return {
    stats,
    stop: () => {
      stopped = true;
      timers.forEach(clearInterval);
      for (const socket of sockets) socket.destroy();
      return stats;
    },
  };
};

/** Opens one websocket, over TLS if the port is 443. Throws if the server does not upgrade the connection. */
export const openWebsocket = async (
  host: string,
  port: number,
  servername: string,
): Promise<Socket> => {
  const isTls = port === 443;
  const socket = isTls
    ? connectTls({ host, port, servername, rejectUnauthorized: false })
    : connect(port, host);
  socket.setNoDelay(true).setEncoding("latin1");
  await once(socket, isTls ? "secureConnect" : "connect");
  const lines = ["GET /user/ada/api/kernels HTTP/1.1", `Host: ${servername}`];
  socket.write([...lines, "Connection: Upgrade", "Upgrade: websocket", "", ""].join("\r\n"));
  const [head] = (await once(socket, "data")) as [string];
  if (head.startsWith("HTTP/1.1 101 ")) return socket;
  socket.destroy();
  throw new Error(`no websocket: ${head}`);
};
