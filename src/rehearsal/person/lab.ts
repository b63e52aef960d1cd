import { setTimeout as pause } from "node:timers/promises";
import type { WebSocket } from "ws";
import type { Answer, Browser } from "../browser/browser.js";
import { pageText } from "../browser/page-text.js";
import { Refused } from "../browser/start-progress.js";

/** JupyterLab in a person's browser: its address, and its page's token. */
export type Lab = {
  browser: Browser;
  base: URL;
  token: string | undefined;
  /** The websocket of JupyterLab's events. */
  events: WebSocket;
  /** A request of JupyterLab's; throws for a status of 400 or more, unless it is one of `allowed`. */
  call: (
    method: string,
    path: string,
    json?: unknown,
    allowed?: readonly number[],
  ) => Promise<Answer>;
};

/** Requests at the start of JupyterLab 4.6 beside the websocket; images without an extension answer 404. */
const atStart = [
  "api/kernelspecs",
  "api/me",
  "lab/api/settings",
  "api/kernels",
  "api/terminals",
  "api/sessions",
  "lab/api/workspaces/default",
  "lab/api/translations/",
  "api/contents?content=1",
  "api/contents/?content=0",
  "lsp/status",
  "lab/api/listings/@jupyterlab/extensionmanager-extension/listings.json",
  "api/metrics/v1",
];
const optional: readonly number[] = [403, 404];

/** Opens JupyterLab: the login at the server (OAuth), its page and scripts, its first requests and its websocket. */
export const openLab = async (browser: Browser, person: string): Promise<Lab> => {
  const { base, page, config } = await openPage(browser, person);
  await loadScripts(browser, page, config);
  const token = config?.token;
  const call: Lab["call"] = async (method, path, json, allowed = []) => {
    const answer = await browser.request(new URL(path, base), {
      method,
      purpose: "data",
      token,
      ...(json !== undefined && { json }),
    });
    if (answer.status >= 400 && !allowed.includes(answer.status))
      throw new Error(
        `${method} ${path.replace(/\?.*/, "")}: status ${answer.status}${reason(answer.body)}`,
      );
    return answer;
  };
  await Promise.all(atStart.map((path) => call("GET", path, undefined, optional)));
  const events = await browser.connect(new URL("api/events/subscribe", base));
  return { browser, base, token, events, call };
};

type PageConfig = { token?: string; baseUrl?: string };

const mostTries = 20;

/** A server that has just started may not be known to the proxy yet; a person's browser is then asked to try again. */
const openPage = async (browser: Browser, person: string) => {
  const path = `/user/${encodeURIComponent(person)}/lab`;
  for (let turn = 1; ; turn += 1) {
    const page = await browser.open(path);
    if (page.status === 200) {
      const config = configIn(page.body);
      return { page, config, base: new URL(`/user/${encodeURIComponent(person)}/`, page.url) };
    }
    if (page.status === 404)
      throw new Refused("the image has no JupyterLab, or it has another address");
    if (page.status < 500 || turn === mostTries)
      throw new Error(`JupyterLab's page has status ${page.status}: ${pageText(page.body)}`);
    await pause(500);
  }
};

const configIn = (page: string): PageConfig | undefined => {
  const [, text] =
    /<script id="jupyter-config-data"[^>]*>([^<]{2,200000})<\/script>/.exec(page) ?? [];
  try {
    const found = JSON.parse(text ?? "null") as Record<string, unknown> | null;
    if (found === null) return undefined;
    return typeof found["token"] === "string" ? { token: found["token"] } : {};
  } catch {
    return undefined;
  }
};

/** A browser's first page of JupyterLab 4.6 loads its core and 39 other chunks. */
const chunkCount = 39;

/** Loads the scripts that a browser without a cache loads: the one in the page, JupyterLab's core and the chunks that it names. */
const loadScripts = async (
  browser: Browser,
  page: Answer,
  config: PageConfig | undefined,
): Promise<void> => {
  const [, main] = /src="([^"]{1,300}\/main\.[0-9a-f]{8,64}\.js[^"]{0,100})"/.exec(page.body) ?? [];
  if (config === undefined || main === undefined) return;
  const url = new URL(main, page.url);
  const { body } = await browser.request(url, { purpose: "file", keep: true });
  await Promise.all(
    chunksIn(body).map((file) => browser.request(new URL(file, url), { purpose: "file" })),
  );
};

/** The files of the chunks in webpack's map of them: {"5531": "8811dd…"}, where 5531 is the core. */
const chunksIn = (script: string): string[] => {
  const [, core] = /(\d{1,6})===\w{1,3}\?"jlab_core"/.exec(script) ?? [];
  const found = [...script.matchAll(/(?<=[{,])(\d{1,6}):"([0-9a-f]{16,20})"/g)]
    .slice(0, 2000)
    .map(([, number = "", hash = ""]) => ({ number, hash }));
  const unique = [...new Map(found.map((each) => [each.number, each])).values()];
  const name = ({ number, hash }: { number: string; hash: string }): string =>
    `${number === core ? "jlab_core" : number}.${hash}.js?v=${hash}`;
  const others = unique.filter(({ number }) => number !== core).slice(0, chunkCount);
  return [...unique.filter(({ number }) => number === core), ...others].map(name);
};

const reason = (body: string): string => {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return typeof message === "string" ? `: ${pageText(message)}` : "";
  } catch {
    return "";
  }
};
