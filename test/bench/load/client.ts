import { Agent, type IncomingMessage, get } from "node:http";
import { type ClientHttp2Session, connect } from "node:http2";
import { Agent as TlsAgent, get as getOverTls } from "node:https";
import type { PageRequest, Site } from "./result.js";

/** A client with several connections to a site. */
export type LoadClient = {
  /** Sends a request over a free connection; returns the milliseconds. Throws if the status is not 200 or the length is wrong. */
  send: (request: PageRequest) => Promise<number>;
  close: () => void;
};

type Options = {
  connections: number;
  /** Uses a new connection for each request; `resume` resumes the TLS session of the previous one. */
  once?: "new" | "resume" | undefined;
};

/** Creates a client; the first requests open its connections. */
export const createClient = (site: Site, { connections, once }: Options): LoadClient => {
  const { get: getBytes, close } =
    site.http2 === true ? overHttp2(site, connections) : overHttp1(site, { connections, once });
  return {
    send: async ({ path, bytes }) => {
      const started = performance.now();
      const received = await getBytes(path);
      if (received !== bytes) throw new Error(`${path} has ${received} bytes and not ${bytes}`);
      return performance.now() - started;
    },
    close,
  };
};

type Protocol = { get: (path: string) => Promise<number>; close: () => void };

const overHttp1 = ({ host, port, name }: Site, { connections, once }: Options): Protocol => {
  // First in, first out: the proxy closes connections that were idle for five seconds.
  const pool = {
    keepAlive: once === undefined,
    maxSockets: connections,
    scheduling: "fifo",
  } as const;
  const isTls = port === 443;
  const tls = { rejectUnauthorized: false, maxCachedSessions: once === "new" ? 0 : 1 };
  const agent = isTls ? new TlsAgent({ ...pool, ...tls }) : new Agent(pool);
  return {
    get: (path) =>
      new Promise((resolve, reject) => {
        const options = { host, port, path, agent, headers: { host: name } };
        const readResponse = (response: IncomingMessage) => {
          let bytes = 0;
          response.on("data", (data: Buffer) => (bytes += data.length));
          response.once("end", () => resolve(bytes));
          response.once("error", reject);
          if (response.statusCode !== 200)
            reject(new Error(`${path} answers ${response.statusCode}`));
        };
        const sent = isTls
          ? getOverTls({ ...options, servername: name, timeout: longestWait }, readResponse)
          : get({ ...options, timeout: longestWait }, readResponse);
        sent.once("timeout", () => sent.destroy(new Error(`${path} does not answer`)));
        sent.once("error", reject);
      }),
    close: () => agent.destroy(),
  };
};

const overHttp2 = ({ host, port, name }: Site, connections: number): Protocol => {
  const sessions = Array.from({ length: connections }, () =>
    connect(`https://${host}:${port}`, { servername: name, rejectUnauthorized: false })
      // Its streams report the same error.
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
        stream.setTimeout(longestWait, () => stream.destroy(new Error(`${path} does not answer`)));
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

/** The timeout of a request, in milliseconds. */
const longestWait = 10_000;
