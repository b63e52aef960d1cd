import { type APIRequestContext, request } from "playwright-core";
import { waitUntil } from "../../../src/wait.js";
import { roomPassword } from "./lab.js";

/** What a start came to: whether the server is ready, all that the person could read until then, and how long it took. */
type Start = { ready: boolean; told: string; ms: number };

/** A person without a browser, who logs in and starts a server; quicker than Chromium, and reads the same pages. */
export type Person = {
  start: () => Promise<Start>;
  /** Stops it, and waits until it has. */
  stop: () => Promise<void>;
  /** The words of a page of the hub. */
  read: (path: string) => Promise<string>;
  /** The HTTP status of an address; 0 where nothing answers in 5 s. */
  status: (path: string) => Promise<number>;
  leave: () => Promise<void>;
};

/** Logs a person in; the edge may take a while on a busy machine until it answers. */
export const arrive = (address: string, user: string): Promise<Person> =>
  waitUntil(() => enter(address, user).catch(() => undefined), {
    deadline: 120_000,
    every: 2000,
    otherwise: () => new Error(`${user} cannot log in at ${address}`),
  });

/** Logs a person in. */
export const enter = async (address: string, user: string): Promise<Person> => {
  const web = await request.newContext({ baseURL: address, ignoreHTTPSErrors: true });
  await web.get("/hub/login", { timeout: 60_000 });
  const form = { username: user, password: roomPassword, _xsrf: await token(web) };
  const answer = await web.post("/hub/login?next=%2Fhub%2Fhome", { form, timeout: 60_000 });
  if (!answer.ok()) throw new Error(`${user} cannot log in: ${answer.status()}`);
  const name = encodeURIComponent(user.toLowerCase());
  const read = async (path: string) =>
    wordsOf(await (await web.get(path, { timeout: 60_000 })).text());
  return {
    read,
    status: (path) =>
      web.get(path, { timeout: 5000, maxRedirects: 0 }).then(
        (found) => found.status(),
        () => 0,
      ),
    start: async () => {
      const begun = performance.now();
      const page = await read(`/hub/spawn/${name}`);
      const progress = await web.get(`/hub/api/users/${name}/server/progress`, {
        headers: { "X-XSRFToken": await token(web) },
        timeout: 240_000,
      });
      const events = (await progress.text()).split("\n").filter((line) => line.startsWith("data:"));
      const told = events.map((line) => JSON.parse(line.slice(5)) as Event);
      return {
        ready: told.some(({ ready }) => ready === true),
        told: [page, ...told.map(({ message }) => message ?? "")].join("\n"),
        ms: Math.round(performance.now() - begun),
      };
    },
    stop: async () => {
      const headers = { "X-XSRFToken": await token(web) };
      const stopping = await web.delete(`/hub/api/users/${name}/server`, {
        headers,
        timeout: 60_000,
      });
      if (!stopping.ok()) throw new Error(`${user}'s server is not stopped: ${stopping.status()}`);
      // The hub answers after ten seconds also where the server has still to end.
      await waitUntil(
        async () => {
          const found = await web.get(`/hub/api/users/${name}`, { headers, timeout: 60_000 });
          const { servers = {} } = (await found.json()) as { servers?: object };
          return Object.keys(servers).length === 0 ? true : undefined;
        },
        { deadline: 120_000, otherwise: () => new Error(`${user}'s server does not stop`) },
      );
    },
    leave: () => web.dispose(),
  };
};

type Event = { message?: string; ready?: boolean };

/** The hub's; a server that was visited has given its own, for its own path. */
const token = async (web: APIRequestContext): Promise<string> => {
  const { cookies } = await web.storageState();
  const found = cookies.filter(({ name, path }) => name === "_xsrf" && "/hub/".startsWith(path));
  return found.toSorted((one, other) => other.path.length - one.path.length)[0]?.value ?? "";
};

const wordsOf = (page: string): string =>
  page
    .replaceAll(/<(script|style)[^]*?<\/\1>/g, "")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ");
