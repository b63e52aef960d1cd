import { Agent as PlainAgent, type IncomingMessage, request as plainRequest } from "node:http";
import { Agent, request } from "node:https";
import { setTimeout as pause } from "node:timers/promises";

/** Where a class is, `https://…` or `http://…`, and the password of its room. */
export type Site = { address: string; password: string };

/** What somebody saw of their login, in Unix milliseconds; it ends with `answered`, a sentence, or a failure. */
export type Arrival = {
  user: string;
  begun: number;
  loggedIn?: number;
  /** The hub said that the server is ready. */
  ready?: number;
  /** The server itself answered at the front door. */
  answered?: number;
  /** What they read instead of a server. */
  sentence?: string;
  /** What broke, where they read nothing. */
  failure?: string;
  /** How often the page was loaded anew, because the hub or the door did not answer. */
  reloads: number;
};

/**
 * Logs in as a browser does, starts a server and follows until it answers; never throws. Whoever reads a sentence has come
 * to an end. What answers nothing, or 5xx, is loaded anew up to `reloads` times, within `deadline` milliseconds.
 */
export const arrive = async (
  site: Site,
  user: string,
  { deadline = 300_000, reloads = 0 } = {},
): Promise<Arrival> => {
  const arrival: Arrival = { user, begun: Date.now(), reloads: 0 };
  const visitor = openVisitor(site.address, arrival.begun + deadline);
  try {
    for (;;) {
      const cut = await attempt(visitor, site.password, arrival);
      if (cut === undefined) return arrival;
      if (arrival.reloads === reloads || Date.now() >= visitor.end)
        return { ...arrival, failure: cut };
      arrival.reloads += 1;
      // As the page does that waits for a start.
      await pause(3000);
    }
  } finally {
    visitor.close();
  }
};

/** Answers why it was cut off; undefined where it came to an end, which is then in the arrival. */
const attempt = async (
  visitor: Visitor,
  password: string,
  arrival: Arrival,
): Promise<string | undefined> => {
  try {
    await visit(visitor, password, arrival);
    return undefined;
  } catch (error) {
    if (!(error instanceof Sentence)) return error instanceof Error ? error.message : String(error);
    arrival.sentence = error.message;
    return undefined;
  }
};

const visit = async (visitor: Visitor, password: string, arrival: Arrival): Promise<void> => {
  const { user } = arrival;
  const name = encodeURIComponent(user.toLowerCase());
  if (arrival.loggedIn === undefined) {
    await visitor.page(await visitor.ask("GET", "/hub/login"));
    const form = { username: user, password, _xsrf: visitor.cookie("_xsrf") };
    const answer = await visitor.ask("POST", "/hub/login?next=%2Fhub%2Fspawn", form);
    if (answer.location === undefined) await visitor.page(answer);
    arrival.loggedIn = Date.now();
  }
  const at = await visitor.page(await visitor.ask("GET", "/hub/spawn"));
  if (!at.startsWith("/user/")) await follow(visitor, name);
  arrival.ready ??= Date.now();
  for (;;) {
    const { status } = await visitor.ask("GET", `/user/${name}/api`);
    if (status === 200) break;
    if (Date.now() >= visitor.end) throw new Error(`the server answers ${status}`);
    await pause(250);
  }
  arrival.answered = Date.now();
};

/** Reads how the start goes, to its end. */
const follow = async (visitor: Visitor, name: string): Promise<void> => {
  const { status, body } = await visitor.ask("GET", `/hub/api/users/${name}/server/progress`);
  if (status !== 200) throw new Error(`the progress of the start answers ${status}`);
  const lines = body.split("\n").filter((line) => line.startsWith("data:"));
  const last = JSON.parse(lines.at(-1)?.slice(5) ?? "{}") as Partial<Event>;
  if (last.failed === true) throw new Sentence(last.message ?? "it failed without a word");
  if (last.ready !== true) throw new Error("the progress of the start ended before the start did");
};

type Event = { ready: boolean; failed: boolean; message: string };

/** What somebody reads, and needs no second try to understand. */
class Sentence extends Error {}

type Found = { path: string; status: number; location: string | undefined; body: string };

type Visitor = {
  end: number;
  cookie: (name: string) => string;
  ask: (method: string, path: string, form?: Record<string, string>) => Promise<Found>;
  /** Goes where redirects lead, but into no server; answers the path where it ends. Throws what an error page says. */
  page: (first: Found) => Promise<string>;
  close: () => void;
};

const openVisitor = (address: string, end: number): Visitor => {
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
  const ask: Visitor["ask"] = (method, path, form) =>
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
      const asked = (isTls ? request : plainRequest)(new URL(path, address), options, (answer) => {
        for (const line of answer.headers["set-cookie"] ?? []) keep(cookies, line);
        read(path, answer).then(resolve, reject);
      });
      // As Chrome does: who waits for an answer of a machine that lost its power learns of it once that is back.
      asked.once("socket", (socket) => socket.setKeepAlive(true, 45_000));
      asked.on("error", reject).end(content);
    });
  const page: Visitor["page"] = async (first) => {
    let found = first;
    for (let turn = 0; found.location !== undefined && turn < 10; turn += 1) {
      const path = pathOf(found.location, address);
      if (path.startsWith("/user/")) return path;
      found = await ask("GET", path);
    }
    if (found.status >= 500) throw new Error(`${found.status}: ${wordsOf(found.body)}`);
    if (found.status >= 400) throw new Sentence(`${found.status}: ${wordsOf(found.body)}`);
    return found.path;
  };
  const cookie = (name: string): string => cookies.get(name) ?? "";
  return { end, cookie, ask, page, close: () => agent.destroy() };
};

const keep = (cookies: Map<string, string>, line: string): void => {
  const [pair = ""] = line.split(";", 1);
  const [name = "", value = ""] = pair.split(/=(.*)/s);
  if (/; *(max-age=0|expires=[^;]*1970)/i.test(line)) cookies.delete(name);
  else cookies.set(name, value);
};

const read = async (path: string, answer: IncomingMessage): Promise<Found> => {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  const { location } = answer.headers;
  return { path, status: answer.statusCode ?? 0, location, body: Buffer.concat(parts).toString() };
};

const pathOf = (location: string, address: string): string => {
  const { pathname, search } = new URL(location, address);
  return pathname + search;
};

/** What a page says to its reader, without what stands around it on each page. */
const wordsOf = (page: string): string =>
  (/<(?:div class="error"|p class="login_error")>([^]*?)<\/(?:div|p)>/.exec(page)?.[1] ?? page)
    .replaceAll(/<(script|style|head|nav)\b[^]*?<\/\1>/g, "")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim()
    .slice(0, 300);
