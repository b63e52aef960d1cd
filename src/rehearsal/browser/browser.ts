import { Agent as PlainAgent, type IncomingMessage, request as plainRequest } from "node:http";
import { Agent, request as tlsRequest } from "node:https";
import { WebSocket } from "ws";
import { readBody } from "./body.js";
import { createCookies } from "./cookies.js";
import { type Purpose, headersFor, userAgent } from "./request-headers.js";

/** The address of a class, `https://…` or `http://…`; `verify`: whether its certificate must be valid. */
export type Site = { address: string; verify: boolean };

type RequestOptions = {
  method?: string;
  purpose?: Purpose;
  /** A form, or data that is sent as JSON. */
  form?: Record<string, string>;
  json?: unknown;
  /** The token of JupyterLab's page. */
  token?: string | undefined;
  /** Whether the body of a file is kept. */
  keep?: boolean;
  /** Called with each line as it arrives; the body of the answer is then empty. */
  onLine?: (line: string) => void;
};

/** An answer; `body` is empty for a file. `ms` is the time to its last byte, `bytes` what came over the line. */
export type Answer = {
  url: URL;
  status: number;
  location: string | undefined;
  body: string;
  bytes: number;
  ms: number;
};

/** A browser without a screen: it has cookies and sends the headers that JupyterHub and the edge look at. */
export type Browser = {
  /** A path is one of the class's address. Throws for other hosts, and for answers that are too long or too late. */
  request: (path: string | URL, options?: RequestOptions) => Promise<Answer>;
  /** Opens a page, with all redirects within the class. Returns the last answer, also one with an error. */
  open: (path: string | URL, options?: RequestOptions) => Promise<Answer>;
  /** Opens a websocket; bounded like the requests. */
  connect: (path: string | URL, protocol?: string) => Promise<WebSocket>;
  /** Takes over the class's cookies of another browser, as lines of `Set-Cookie`. */
  adopt: (cookies: readonly string[]) => void;
  /** The XSRF token for a form on this page. */
  xsrf: (path: string) => string;
  /** Bytes that came over the line so far, but for websockets, and the number of requests. */
  traffic: () => { bytes: number; requests: number };
  close: () => void;
};

const mostRedirects = 12;
const connectMs = 60_000;
const longestFrame = 64 * 2 ** 20;
// Chromium opens six connections to a host.
const connections = 6;

/** `end`: when all requests are cancelled, in Unix milliseconds. `signal` cancels them too. */
export const createBrowser = (site: Site, end: number, signal?: AbortSignal): Browser => {
  const home = new URL(site.address);
  const isTls = home.protocol === "https:";
  const pool = { keepAlive: true, maxSockets: connections };
  const agent = isTls
    ? new Agent({ ...pool, rejectUnauthorized: site.verify })
    : new PlainAgent(pool);
  const cookies = createCookies();
  const traffic = { bytes: 0, requests: 0 };

  const send = (url: URL, options: RequestOptions, retries: number): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { purpose = "page", ...wanted } = options;
      const began = performance.now();
      const { type, content } = bodyOf(wanted);
      const sent = (isTls ? tlsRequest : plainRequest)(url, {
        method: wanted.method ?? "GET",
        agent,
        headers: {
          ...headersFor(purpose, url, cookies.xsrf(url), wanted.token),
          ...(type !== undefined && { "Content-Type": type }),
          ...(wanted.onLine === undefined && { "Accept-Encoding": "gzip" }),
          "Content-Length": content.length,
          Cookie: cookies.header(url),
        },
        signal: AbortSignal.any([
          AbortSignal.timeout(Math.max(end - Date.now(), 1)),
          ...(signal === undefined ? [] : [signal]),
        ]),
      });
      // Like Chrome: keepalive reports a machine that lost its power, once it has booted again.
      sent.once("socket", (socket) => socket.setKeepAlive(true, 45_000));
      let isAnswered = false;
      sent.once("response", (response: IncomingMessage) => {
        isAnswered = true;
        traffic.requests += 1;
        cookies.store(url, response.headers["set-cookie"] ?? []);
        readBody(response, { keep: wanted.keep ?? purpose !== "file", onLine: wanted.onLine }).then(
          ({ body, bytes }) => {
            traffic.bytes += bytes;
            const { statusCode: status = 0, headers } = response;
            const ms = performance.now() - began;
            resolve({ url, status, location: headers.location, body, bytes, ms });
          },
          reject,
        );
      });
      sent.on("error", (error) => {
        // Like Chrome: the class may end an idle connection just as a request is sent on it.
        const isStale = !isAnswered && sent.reusedSocket && isEndOfConnection(error);
        if (isStale && retries > 0) resolve(send(url, options, retries - 1));
        else reject(error);
      });
      sent.end(content);
    });
  const request: Browser["request"] = async (path, wanted = {}) =>
    send(within(home, path), wanted, connections);

  return {
    request,
    open: async (path, wanted) => {
      let answer = await request(path, wanted);
      for (let turn = 0; answer.location !== undefined && turn < mostRedirects; turn += 1)
        answer = await request(new URL(answer.location, answer.url));
      return answer;
    },
    connect: (path, protocol) =>
      new Promise((resolve, reject) => {
        const url = within(home, path);
        const socket = new WebSocket(url.href.replace(/^http/, "ws"), protocol ?? [], {
          headers: {
            Cookie: cookies.header(url),
            Origin: url.origin,
            "User-Agent": userAgent,
            "Sec-Fetch-Mode": "websocket",
            "Sec-Fetch-Site": "same-origin",
          },
          rejectUnauthorized: site.verify,
          handshakeTimeout: connectMs,
          maxPayload: longestFrame,
          perMessageDeflate: false,
          followRedirects: false,
        });
        socket.once("open", () => resolve(socket));
        socket.on("error", reject);
        const stop = (): void => socket.terminate();
        signal?.addEventListener("abort", stop, { once: true });
        socket.once("close", () => signal?.removeEventListener("abort", stop));
      }),
    adopt: (lines) => cookies.store(home, lines),
    xsrf: (path) => cookies.xsrf(within(home, path)),
    traffic: () => traffic,
    close: () => agent.destroy(),
  };
};

const isEndOfConnection = (error: NodeJS.ErrnoException): boolean =>
  error.code === "ECONNRESET" || error.code === "EPIPE";

/** The address of a path; throws for a host that is neither the class's nor below it. */
const within = (home: URL, path: string | URL): URL => {
  const url = new URL(path, home);
  const isOurs = url.hostname === home.hostname || url.hostname.endsWith(`.${home.hostname}`);
  if (!isOurs || url.protocol !== home.protocol)
    throw new Error(`the class sent the browser to another place, ${url.origin}`);
  return url;
};

const bodyOf = ({ form, json }: RequestOptions): { type?: string; content: Buffer } => {
  if (form !== undefined)
    return {
      type: "application/x-www-form-urlencoded",
      content: Buffer.from(new URLSearchParams(form).toString()),
    };
  if (json !== undefined)
    return { type: "application/json", content: Buffer.from(JSON.stringify(json)) };
  return { content: Buffer.alloc(0) };
};
