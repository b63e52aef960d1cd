import { Agent, type IncomingMessage, get } from "node:http";
import { type ClientHttp2Session, connect } from "node:http2";
import { Agent as TlsAgent, get as getOverTls } from "node:https";
import type { Question, Site } from "./result.js";

/** Some connections to a site, and how to ask over a free one. */
export type Asker = {
  /** Answers the milliseconds it took; throws where the answer is no 200 or has another length than it must have. */
  ask: (question: Question) => Promise<number>;
  close: () => void;
};

type Options = {
  connections: number;
  /** Each question on a connection of its own; `resume` with the TLS session of the one before. */
  once?: "anew" | "resume" | undefined;
};

/** Opens none yet: the first questions do. */
export const openAsker = (site: Site, { connections, once }: Options): Asker => {
  const { get: answer, close } =
    site.http2 === true ? overHttp2(site, connections) : overHttp1(site, { connections, once });
  return {
    ask: async ({ path, bytes }) => {
      const at = performance.now();
      const came = await answer(path);
      if (came !== bytes) throw new Error(`${path} has ${came} bytes and not ${bytes}`);
      return performance.now() - at;
    },
    close,
  };
};

type Way = { get: (path: string) => Promise<number>; close: () => void };

const overHttp1 = ({ host, port, name }: Site, { connections, once }: Options): Way => {
  // Each in its turn: the proxy closes what was idle for five seconds.
  const pool = {
    keepAlive: once === undefined,
    maxSockets: connections,
    scheduling: "fifo",
  } as const;
  const isTls = port === 443;
  const tls = { rejectUnauthorized: false, maxCachedSessions: once === "anew" ? 0 : 1 };
  const agent = isTls ? new TlsAgent({ ...pool, ...tls }) : new Agent(pool);
  return {
    get: (path) =>
      new Promise((resolve, reject) => {
        const options = { host, port, path, agent, headers: { host: name } };
        const take = (response: IncomingMessage) => {
          let bytes = 0;
          response.on("data", (data: Buffer) => (bytes += data.length));
          response.once("end", () => resolve(bytes));
          response.once("error", reject);
          if (response.statusCode !== 200)
            reject(new Error(`${path} answers ${response.statusCode}`));
        };
        const asked = isTls
          ? getOverTls({ ...options, servername: name, timeout: longest }, take)
          : get({ ...options, timeout: longest }, take);
        asked.once("timeout", () => asked.destroy(new Error(`${path} does not answer`)));
        asked.once("error", reject);
      }),
    close: () => agent.destroy(),
  };
};

const overHttp2 = ({ host, port, name }: Site, connections: number): Way => {
  const sessions = Array.from({ length: connections }, () =>
    connect(`https://${host}:${port}`, { servername: name, rejectUnauthorized: false })
      // Its streams say it as well.
      .on("error", () => {}),
  );
  let turn = 0;
  return {
    get: (path) => {
      turn += 1;
      const session = sessions[turn % connections] as ClientHttp2Session;
      return new Promise((resolve, reject) => {
        const stream = session.request({ ":path": path, ":authority": name });
        let bytes = 0;
        stream.setTimeout(longest, () => stream.destroy(new Error(`${path} does not answer`)));
        stream.on("response", ({ ":status": status }) => {
          if (status !== 200) reject(new Error(`${path} answers ${status}`));
        });
        stream.on("data", (data: Buffer) => (bytes += data.length));
        stream.once("end", () => resolve(bytes));
        stream.once("error", reject);
      });
    },
    close: () => sessions.forEach((session) => session.destroy()),
  };
};

/** No answer is waited for longer, in milliseconds. */
const longest = 10_000;
