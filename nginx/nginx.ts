import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import type { EdgeSettings } from "../contracts/edge-settings.js";
import { type NginxEnvironment, hasHttp2Directive, nginxConfiguration } from "./configuration.js";

/** nginx as a child. `ended` gives its exit code, 1 where a signal that was not ours ended it. */
type Nginx = {
  /** Waits until it has started, since the signal would end an nginx that has no handler for it yet. */
  reload: () => Promise<void>;
  /** Lets running answers finish for so many milliseconds, then ends the rest. */
  stop: (graceMilliseconds: number) => void;
  ended: Promise<number>;
};

/** Starts nginx with this file, in the foreground; its log goes to the edge's own. `health` is where it answers once it has started. */
export const startNginx = (file: string, health: string): Nginx => {
  // stdout is inherited and not a pipe of Node's: those are sockets, and nginx could not open /dev/stdout.
  const child = spawn("nginx", ["-c", file, "-e", "stderr"], {
    stdio: ["ignore", "inherit", "pipe"],
  });
  forwardLog(child.stderr);
  let stopping = false;
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? (stopping ? 0 : 1)));
  });
  const started = Promise.race([answers(health), ended.catch(() => {})]);
  return {
    reload: async () => {
      await started;
      child.kill("SIGHUP");
    },
    stop: (graceMilliseconds) => {
      stopping = true;
      child.kill("SIGQUIT");
      setTimeout(() => child.kill("SIGTERM"), graceMilliseconds).unref();
    },
    ended,
  };
};

/** Waits until a worker of nginx answers, however long that takes: its port alone is open before. */
const answers = async (health: string): Promise<void> => {
  const [port = "", host = "127.0.0.1"] = health.split(":").toReversed();
  const isAnswered = (): Promise<boolean> =>
    new Promise((resolve) => {
      const options = { host, port, path: "/swarmhub/health", agent: false, timeout: 5000 };
      const request = get(options, (response) => {
        response.resume();
        resolve(true);
      });
      request.once("timeout", () => request.destroy());
      request.once("error", () => resolve(false));
    });
  while (!(await isAnswered())) await pause(50, undefined, { ref: false });
};

/**
 * Renders nginx.conf for the kind of certificate in live.pem, checks it with `nginx -t`, and only then puts it in place. Answers its
 * path; throws with nginx's own message.
 */
export const installConfiguration = async (
  settings: EdgeSettings,
  environment: NginxEnvironment,
  installed: EdgeSettings["tls"]["kind"],
): Promise<string> => {
  const { assets, run } = settings.folders;
  const file = join(run, "nginx.conf");
  const temporary = `${file}.new`;
  const template = await readFile(join(assets, "nginx.conf.hbs"), "utf8");
  const text = nginxConfiguration(template, settings, environment, installed);
  await writeFile(temporary, text, { mode: 0o600 });
  const { code, output } = await runNginx(["-t", "-q", "-c", temporary, "-e", "stderr"]);
  if (code !== 0) throw new Error(`nginx rejected ${temporary}:\n${output}`);
  await rename(temporary, file);
  return file;
};

/** What nginx.conf depends on in this container. */
export const nginxEnvironment = async ({
  folders,
}: Pick<EdgeSettings, "folders">): Promise<Omit<NginxEnvironment, "proxyServers">> => ({
  user: process.getuid?.() === 0 ? "www-data" : undefined,
  http2Directive: hasHttp2Directive((await runNginx(["-v"])).output),
  edgeToken: await edgeTokenIn(folders.secrets),
});

/** The secret that this edge shares with the proxy; empty where it has none, so that the proxy does not believe the forwarded headers. */
const edgeTokenIn = async (folder: string): Promise<string> => {
  const file = join(folder, "edge-token");
  const token = existsSync(file) ? (await readFile(file, "utf8")).trim() : "";
  // It is written into nginx.conf.
  if (!/^[0-9a-f]*$/.test(token)) throw new Error(`${file} is not a hexadecimal number`);
  return token;
};

const runNginx = async (argv: readonly string[]): Promise<{ code: number; output: string }> => {
  const child = spawn("nginx", argv, { stdio: ["ignore", "inherit", "pipe"] });
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, output: output.trim() }));
  });
};

/** Without query strings: nginx writes whole request lines into its error log, and they may hold tokens. */
const forwardLog = (log: Readable): void => {
  createInterface({ input: log }).on("line", (line) => {
    process.stderr.write(`${line.replaceAll(/\?[^\s"]*/g, "?…")}\n`);
  });
};
