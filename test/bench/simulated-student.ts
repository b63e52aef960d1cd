import { Agent as PlainAgent, type IncomingMessage, request as plainRequest } from "node:http";
import { Agent, request as tlsRequest } from "node:https";
import { setTimeout as pause } from "node:timers/promises";

/** The address of a class, `https://…` or `http://…`, and its shared password. */
export type Site = { address: string; password: string };

/** The stages of a login with a server, in Unix milliseconds; it ends with `answered`, `message` or `failure`. */
export type LoginResult = {
  user: string;
  started: number;
  loggedIn?: number;
  /** The hub reported that the server is ready. */
  ready?: number;
  /** The server itself answered through the edge. */
  answered?: number;
  /** The message of the hub for a user without a server. */
  message?: string;
  /** The technical error without a message for the user. */
  failure?: string;
  /** How often the page was reloaded, because the hub or the edge did not answer. */
  reloads: number;
};

/**
 * Logs in like a browser, starts a server and waits until it answers; never throws. A message of the hub ends the login. After
 * an error or a status 5xx the page is reloaded up to `reloads` times, within `deadline` milliseconds.
 */
export const simulateLogin = async (
  site: Site,
  user: string,
  { deadline = 300_000, reloads = 0 } = {},
): Promise<LoginResult> => {
  const result: LoginResult = { user, started: Date.now(), reloads: 0 };
  const client = createClient(site.address, result.started + deadline);
  try {
    for (;;) {
      const failure = await attempt(client, site.password, result);
      if (failure === undefined) return result;
      if (result.reloads === reloads || Date.now() >= client.end) return { ...result, failure };
      result.reloads += 1;
      // Like the page that waits for a start.
      await pause(3000);
    }
  } finally {
    client.close();
  }
};

/** Returns the failure; undefined if the login ended, with its end in the result. */
const attempt = async (
  client: Client,
  password: string,
  result: LoginResult,
): Promise<string | undefined> => {
  try {
    await logInAndStart(client, password, result);
    return undefined;
  } catch (error) {
    if (!(error instanceof UserMessage))
      return error instanceof Error ? error.message : String(error);
    result.message = error.message;
    return undefined;
  }
};

const logInAndStart = async (client: Client, password: string, result: LoginResult) => {
  const { user } = result;
  const name = encodeURIComponent(user.toLowerCase());
  if (result.loggedIn === undefined) {
    await client.followRedirects(await client.request("GET", "/hub/login"));
    const form = { username: user, password, mine: "yes", _xsrf: client.cookie("_xsrf") };
    const answer = await client.request("POST", "/hub/login?next=%2Fhub%2Fspawn", form);
    if (answer.location === undefined) await client.followRedirects(answer);
    result.loggedIn = Date.now();
  }
  const path = await client.followRedirects(await client.request("GET", "/hub/spawn"));
  if (!path.startsWith("/user/")) await waitForStart(client, name);
  result.ready ??= Date.now();
  for (;;) {
    const { status } = await client.request("GET", `/user/${name}/api`);
    if (status === 200) break;
    if (Date.now() >= client.end) throw new Error(`the server has status ${status}`);
    await pause(250);
  }
  result.answered = Date.now();
};

/** Reads the progress events of the start, to their end. */
const waitForStart = async (client: Client, name: string): Promise<void> => {
  const { status, body } = await client.request("GET", `/hub/api/users/${name}/server/progress`);
  if (status !== 200) throw new Error(`the progress of the start has status ${status}`);
  const lines = body.split("\n").filter((line) => line.startsWith("data:"));
  const last = JSON.parse(lines.at(-1)?.slice(5) ?? "{}") as Partial<Event>;
  if (last.failed === true)
    throw new UserMessage(last.message ?? "the start failed without a message");
  if (last.ready !== true) throw new Error("the progress ended before the start");
};

type Event = { ready: boolean; failed: boolean; message: string };

/** A message of the hub for the user; a retry would give the same message. */
class UserMessage extends Error {}

type Answer = { path: string; status: number; location: string | undefined; body: string };

type Client = {
  end: number;
  cookie: (name: string) => string;
  request: (method: string, path: string, form?: Record<string, string>) => Promise<Answer>;
  /** Follows redirects, but not to a server; returns the last path. Throws the message of an error page. */
  followRedirects: (first: Answer) => Promise<string>;
  close: () => void;
};

const createClient = (address: string, end: number): Client => {
  const isTls = address.startsWith("https:");
  const agent = isTls
    ? new Agent({ keepAlive: true, rejectUnauthorized: false })
    : new PlainAgent({ keepAlive: true });
  const cookies = new Map<string, string>();
  const headers = () => ({
    Cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
    "X-XSRFToken": cookies.get("_xsrf") ?? "",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "same-origin",
  });
  const request: Client["request"] = (method, path, form) =>
    new Promise((resolve, reject) => {
      const content = form === undefined ? "" : new URLSearchParams(form).toString();
      const type =
        form === undefined ? {} : { "Content-Type": "application/x-www-form-urlencoded" };
      const options = {
        method,
        agent,
        headers: { ...headers(), ...type, "Content-Length": Buffer.byteLength(content) },
        signal: AbortSignal.timeout(Math.max(end - Date.now(), 1)),
      };
      const sent = (isTls ? tlsRequest : plainRequest)(
        new URL(path, address),
        options,
        (response) => {
          for (const line of response.headers["set-cookie"] ?? []) storeCookie(cookies, line);
          readAnswer(path, response).then(resolve, reject);
        },
      );
      // Like Chrome: keepalive reports a machine that lost its power, once it has booted again.
      sent.once("socket", (socket) => socket.setKeepAlive(true, 45_000));
      sent.on("error", reject).end(content);
    });
  const followRedirects: Client["followRedirects"] = async (first) => {
    let answer = first;
    for (let turn = 0; answer.location !== undefined && turn < 10; turn += 1) {
      const path = pathOf(answer.location, address);
      if (path.startsWith("/user/")) return path;
      answer = await request("GET", path);
    }
    if (answer.status >= 500) throw new Error(`${answer.status}: ${textOf(answer.body)}`);
    if (answer.status >= 400) throw new UserMessage(`${answer.status}: ${textOf(answer.body)}`);
    return answer.path;
  };
  const cookie = (name: string): string => cookies.get(name) ?? "";
  return { end, cookie, request, followRedirects, close: () => agent.destroy() };
};

const storeCookie = (cookies: Map<string, string>, line: string): void => {
  const [pair = ""] = line.split(";", 1);
  const [name = "", value = ""] = pair.split(/=(.*)/s);
  if (/; *(max-age=0|expires=[^;]*1970)/i.test(line)) cookies.delete(name);
  else cookies.set(name, value);
};

const readAnswer = async (path: string, response: IncomingMessage): Promise<Answer> => {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  const { location } = response.headers;
  return {
    path,
    status: response.statusCode ?? 0,
    location,
    body: Buffer.concat(parts).toString(),
  };
};

const pathOf = (location: string, address: string): string => {
  const { pathname, search } = new URL(location, address);
  return pathname + search;
};

/** The text of a page for its reader, without the parts that all pages have. */
const textOf = (page: string): string =>
  (/<(?:div class="error"|p class="login_error")>([^]*?)<\/(?:div|p)>/.exec(page)?.[1] ?? page)
    .replaceAll(/<(script|style|head|nav)\b[^]*?<\/\1>/g, "")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim()
    .slice(0, 300);
