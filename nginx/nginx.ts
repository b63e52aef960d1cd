import { spawn } from "node:child_process";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { EdgeSettings } from "../contracts/edge-settings.js";
import { type Surroundings, hasHttp2Directive, nginxConfiguration } from "./configuration.js";

/** nginx as a child. `ended` answers its exit code, 1 where a signal that was not ours ended it. */
export type Nginx = {
  reload: () => void;
  /** Lets answers under way finish for so many milliseconds, then ends the rest. */
  stop: (graceMilliseconds: number) => void;
  ended: Promise<number>;
};

/** Starts nginx with this file, in the foreground; its log is ours. */
export const startNginx = (file: string): Nginx => {
  // stdout is inherited and not a pipe of Node's: those are sockets, and nginx could not open /dev/stdout.
  const child = spawn("nginx", ["-c", file, "-e", "stderr"], {
    stdio: ["ignore", "inherit", "pipe"],
  });
  passOn(child.stderr);
  let stopping = false;
  return {
    reload: () => child.kill("SIGHUP"),
    stop: (graceMilliseconds) => {
      stopping = true;
      child.kill("SIGQUIT");
      setTimeout(() => child.kill("SIGTERM"), graceMilliseconds).unref();
    },
    ended: new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => resolve(code ?? (stopping ? 0 : 1)));
    }),
  };
};

/** Renders nginx.conf for that kind of pair in live.pem, has nginx check it, and only then puts it in place; answers its path, throws with nginx's complaint. */
export const installConfiguration = async (
  settings: EdgeSettings,
  around: Surroundings,
  served: EdgeSettings["tls"]["kind"],
): Promise<string> => {
  const { assets, run } = settings.folders;
  const file = join(run, "nginx.conf");
  const beside = `${file}.new`;
  const template = await readFile(join(assets, "nginx.conf.hbs"), "utf8");
  await writeFile(beside, nginxConfiguration(template, settings, around, served));
  const { code, said } = await ask(["-t", "-q", "-c", beside, "-e", "stderr"]);
  if (code !== 0) throw new Error(`nginx does not accept ${beside}:\n${said}`);
  await rename(beside, file);
  return file;
};

/** What nginx.conf depends on here. */
export const surroundings = async (): Promise<Omit<Surroundings, "proxyServers">> => ({
  user: process.getuid?.() === 0 ? "www-data" : undefined,
  http2Directive: hasHttp2Directive((await ask(["-v"])).said),
});

const ask = async (argv: readonly string[]): Promise<{ code: number; said: string }> => {
  const child = spawn("nginx", argv, { stdio: ["ignore", "inherit", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, said: said.trim() }));
  });
};

/** nginx puts whole request lines into its error log, and the query strings in them may hold tokens. */
const passOn = (log: Readable): void => {
  createInterface({ input: log }).on("line", (line) => {
    process.stderr.write(`${line.replaceAll(/\?[^\s"]*/g, "?…")}\n`);
  });
};
