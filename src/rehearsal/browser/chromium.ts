import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, chown, constants, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { Site } from "./browser.js";
import { createDevtools } from "./devtools.js";

/** A tab of a real browser, without a screen. */
export type Tab = {
  /** "Chromium 156". */
  name: string;
  /** Opens a page; throws if it cannot be loaded. */
  open: (url: URL) => Promise<void>;
  /** Sends a form to a page, as a form of the class's own page does. */
  post: (url: URL, form: Record<string, string>) => Promise<void>;
  /** The value of an expression in the page, as JSON; undefined while the page changes. */
  value: (expression: string) => Promise<unknown>;
  /** The cookies for a page, as lines of `Set-Cookie`. */
  cookies: (url: URL) => Promise<string[]>;
  close: () => Promise<void>;
};

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const places = ["Google Chrome", "Chromium"].map(
  (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
);

/** The Chromium or Chrome of this computer; undefined without one. Nothing is downloaded. */
export const findChromium = async (
  path = process.env["PATH"] ?? "",
): Promise<string | undefined> => {
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  const all = [...names.flatMap((name) => folders.map((folder) => join(folder, name))), ...places];
  for (const program of all)
    if (
      await access(program, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return program;
  return undefined;
};

const startMs = 30_000;
const commandMs = 60_000;
/** The account `nobody`, the same on all Linux systems. */
const nobody = 65_534;

/** Starts it with a folder of its own, for this class alone: it resolves no other name. Throws if it does not start. */
export const startChromium = async (program: string, site: Site): Promise<Tab> => {
  const profile = await mkdtemp(join(tmpdir(), "swarmhub-browser-"));
  // Chromium refuses root, because its sandbox does; without a sandbox it should not run at all.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await chown(profile, nobody, nobody);
  const child = spawn(program, argumentsFor(site, profile), {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    detached: true,
    cwd: "/",
    env: { ...process.env, HOME: profile },
    ...(isRoot && { uid: nobody, gid: nobody }),
  });
  const close = async (): Promise<void> => {
    await end(child);
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    return { ...(await withLimit(openTab(child), startMs)), close };
  } catch (error) {
    await close();
    throw error;
  }
};

const argumentsFor = ({ address, verify }: Site, profile: string): string[] => {
  const { hostname } = new URL(address);
  return [
    "--headless",
    "--remote-debugging-pipe",
    `--user-data-dir=${profile}`,
    `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${hostname}, EXCLUDE *.${hostname}`,
    ...(verify ? [] : ["--ignore-certificate-errors"]),
    "--window-size=1280,800",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--password-store=basic",
    "--use-mock-keychain",
    "about:blank",
  ];
};

const openTab = async (child: ChildProcess): Promise<Omit<Tab, "close">> => {
  const failed = once(child, "error").then(([error]) => Promise.reject(error as Error));
  const tools = createDevtools(child.stdio[3] as Writable, child.stdio[4] as Readable);
  const version = await Promise.race([tools.send("Browser.getVersion"), failed]);
  const { targetId } = await tools.send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await tools.send("Target.attachToTarget", { targetId, flatten: true });
  const session = String(sessionId);
  const send = (method: string, params: Record<string, unknown> = {}) =>
    withLimit(tools.send(method, params, session), commandMs);
  const open: Tab["open"] = async (url) => {
    const { errorText } = await send("Page.navigate", { url: url.href });
    if (typeof errorText === "string") throw new Error(`the browser cannot load it: ${errorText}`);
  };
  let form = "";
  tools.on(({ method, params }) => {
    if (method !== "Fetch.requestPaused") return;
    const { requestId, request } = params as {
      requestId: string;
      request: { headers: Record<string, string> };
    };
    const type = "application/x-www-form-urlencoded";
    const headers = Object.entries({ ...request.headers, "Content-Type": type });
    void send("Fetch.continueRequest", {
      requestId,
      method: "POST",
      postData: Buffer.from(form).toString("base64"),
      headers: headers.map(([name, value]) => ({ name, value })),
    }).catch(() => {});
  });
  return {
    name: nameOf(String(version["product"])),
    open,
    // Page.navigate cannot send a form: the request is changed on its way.
    post: async (url, values) => {
      form = new URLSearchParams(values).toString();
      await send("Fetch.enable", { patterns: [{ urlPattern: url.href }] });
      try {
        await open(url);
      } finally {
        await send("Fetch.disable");
      }
    },
    cookies: async (url) => {
      const { cookies } = await send("Network.getCookies", { urls: [url.href] });
      const found = cookies as { name: string; value: string; path: string }[];
      return found.map(({ name, value, path }) => `${name}=${value}; Path=${path}`);
    },
    value: async (expression) => {
      const answer = await send("Runtime.evaluate", { expression, returnByValue: true });
      return (answer["result"] as { value?: unknown } | undefined)?.value;
    },
  };
};

/** "Chrome/156.0.8078.108" → "Chromium 156": Chrome and Chromium call themselves Chrome. */
const nameOf = (product: string): string =>
  `Chromium ${/\/(\d{1,4})\./.exec(product)?.[1] ?? ""}`.trim();

const withLimit = async <Result>(work: Promise<Result>, ms: number): Promise<Result> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it does not answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

/** Ends it with all of its processes. */
const end = async (child: ChildProcess): Promise<void> => {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  process.kill(-child.pid, "SIGKILL");
  await exited;
};
