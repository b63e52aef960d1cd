import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { connect as connectTls } from "node:tls";

/** What became of the open connections: answers, those that broke, and the latest answer in milliseconds. */
export type Echoes = { answers: number; broken: string[]; latest: number };

/** Opens so many websockets to a site, over TLS where it listens on 443, and has each answer once a second, until told to stop. */
export const openEchoes = async (
  host: string,
  port: number,
  servername: string,
  count: number,
): Promise<{ seen: Echoes; stop: () => Echoes }> => {
  const seen: Echoes = { answers: 0, broken: [], latest: 0 };
  const sockets: Socket[] = [];
  for (let number = 0; number < count; number += 1)
    sockets.push(await openEcho(host, port, servername));
  let stopped = false;
  const timers = sockets.map((socket, number) => {
    let asked: { text: string; at: number } | undefined;
    socket.on("data", (data: string) => {
      if (asked === undefined || data !== asked.text) return;
      seen.answers += 1;
      seen.latest = Math.max(seen.latest, performance.now() - asked.at);
      asked = undefined;
    });
    let why = "was closed";
    socket.on("close", () => stopped || seen.broken.push(`connection ${number} ${why}`));
    socket.on("error", ({ message }: Error) => (why = `broke: ${message}`));
    let beat = 0;
    return setInterval(() => {
      // The last one is not answered yet: it is late, and the longer the later.
      if (asked !== undefined) {
        seen.latest = Math.max(seen.latest, performance.now() - asked.at);
        return;
      }
      beat += 1;
      asked = { text: `${number}:${beat}\n`, at: performance.now() };
      socket.write(asked.text);
    }, 1000);
  });
  return {
    seen,
    stop: () => {
      stopped = true;
      timers.forEach(clearInterval);
      for (const socket of sockets) socket.destroy();
      return seen;
    },
  };
};

/** Opens one websocket, over TLS where the port is 443; what is written to it comes back. Throws where there is none. */
export const openEcho = async (host: string, port: number, servername: string): Promise<Socket> => {
  const isTls = port === 443;
  const socket = isTls
    ? connectTls({ host, port, servername, rejectUnauthorized: false })
    : connect(port, host);
  socket.setNoDelay(true).setEncoding("latin1");
  await once(socket, isTls ? "secureConnect" : "connect");
  const lines = ["GET /user/ada/api/kernels HTTP/1.1", `Host: ${servername}`];
  socket.write([...lines, "Connection: Upgrade", "Upgrade: websocket", "", ""].join("\r\n"));
  const [head] = (await once(socket, "data")) as [string];
  if (!head.startsWith("HTTP/1.1 101 ")) throw new Error(`no websocket: ${head}`);
  return socket;
};
