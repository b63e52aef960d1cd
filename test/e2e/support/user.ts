import { type APIRequestContext, request } from "playwright-core";
import { waitUntil } from "../../../src/wait.js";
import { roomPassword } from "./lab.js";

/** The result of a start: whether the server is ready, all text that the user could read until then, and the duration. */
type Start = { ready: boolean; output: string; ms: number };

/** A user with an HTTP client in place of a browser, which is faster than Chromium and gets the same pages. */
export type User = {
  /** Starts the user's server, and follows its progress to the end. `query` has the options: "?opt-safe=1". */
  start: (query?: string) => Promise<Start>;
  /** Stops the server, and waits until it is stopped. */
  stop: () => Promise<void>;
  /** The text of a page of the hub. */
  readPage: (path: string) => Promise<string>;
  /** The HTTP status of a path; 0 without an answer within 5 s. */
  statusOf: (path: string) => Promise<number>;
  /** Sends a request with the XSRF token of the hub, or of the server that it has opened, and data as JSON. */
  request: (
    method: string,
    path: string,
    data?: object,
  ) => Promise<{ status: number; body: string }>;
  close: () => Promise<void>;
};

/** Logs a user in; tries again for two minutes, as the edge may answer late on a busy machine. */
export const logInWithRetry = (address: string, user: string): Promise<User> =>
  waitUntil(() => logIn(address, user).catch(() => undefined), {
    deadline: 120_000,
    every: 2000,
    otherwise: () => new Error(`${user} cannot log in at ${address}`),
  });

/** Logs a user in; throws if the hub refuses. */
export const logIn = async (
  address: string,
  user: string,
  password = roomPassword,
): Promise<User> => {
  const client = await request.newContext({ baseURL: address, ignoreHTTPSErrors: true });
  await client.get("/hub/login", { timeout: 60_000 });
  // "mine": a test logs in under one name with several browsers, and the login page would ask.
  const form = { username: user, password, mine: "yes", _xsrf: await token(client) };
  const answer = await client.post("/hub/login?next=%2Fhub%2Fhome", { form, timeout: 60_000 });
  if (!answer.ok()) throw new Error(`${user} cannot log in: ${answer.status()}`);
  const name = encodeURIComponent(user.toLowerCase());
  const readPage = async (path: string) =>
    textOf(await (await client.get(path, { timeout: 60_000 })).text());
  return {
    readPage,
    statusOf: (path) =>
      client.get(path, { timeout: 5000, maxRedirects: 0 }).then(
        (response) => response.status(),
        () => 0,
      ),
    request: async (method, path, data) => {
      const response = await client.fetch(path, {
        method,
        headers: { "X-XSRFToken": await token(client, path) },
        timeout: 60_000,
        ...(data !== undefined && { data }),
      });
      return { status: response.status(), body: await response.text() };
    },
    start: async (query = "") => {
      const begun = performance.now();
      const page = await readPage(`/hub/spawn/${name}${query}`);
      const progress = await client.get(`/hub/api/users/${name}/server/progress`, {
        headers: { "X-XSRFToken": await token(client) },
        timeout: 240_000,
      });
      const lines = (await progress.text()).split("\n").filter((line) => line.startsWith("data:"));
      const events = lines.map((line) => JSON.parse(line.slice(5)) as Event);
      return {
        ready: events.some(({ ready }) => ready === true),
        output: [page, ...events.map(({ message }) => message ?? "")].join("\n"),
        ms: Math.round(performance.now() - begun),
      };
    },
    stop: async () => {
      const headers = { "X-XSRFToken": await token(client) };
      const response = await client.delete(`/hub/api/users/${name}/server`, {
        headers,
        timeout: 60_000,
      });
      if (!response.ok()) throw new Error(`${user}'s server is not stopped: ${response.status()}`);
      // The hub answers after ten seconds even if the server has not ended yet.
      await waitUntil(
        async () => {
          const model = await client.get(`/hub/api/users/${name}`, { headers, timeout: 60_000 });
          const { servers = {} } = (await model.json()) as { servers?: object };
          return Object.keys(servers).length === 0 ? true : undefined;
        },
        { deadline: 120_000, otherwise: () => new Error(`${user}'s server does not stop`) },
      );
    },
    close: () => client.dispose(),
  };
};

type Event = { message?: string; ready?: boolean };

/** The XSRF token of the hub; a user's server that answered has set its own, for its own path. */
const token = async (client: APIRequestContext, path = "/hub/"): Promise<string> => {
  const { cookies } = await client.storageState();
  const tokens = cookies.filter((each) => each.name === "_xsrf" && path.startsWith(each.path));
  return tokens.toSorted((one, other) => other.path.length - one.path.length)[0]?.value ?? "";
};

const textOf = (page: string): string =>
  page
    .replaceAll(/<(script|style)[^]*?<\/\1>/g, "")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ");
