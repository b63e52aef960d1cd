import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, openSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assetPath } from "../../../src/operator/assets.js";
import { waitUntil } from "../../../src/wait.js";

// Debian has it in a folder that only root's PATH knows.
process.env["PATH"] += ":/usr/sbin";

/** One of our programs as a child process, with its output in one file. */
export type Running = {
  process: ChildProcess;
  output: () => Promise<string>;
  ended: Promise<number | null>;
};

/** A running edge with its own loopback ports. */
export type Edge = Running & {
  ports: { http: number; https: number };
  /** The self-signed certificate. */
  certificate: () => Promise<Buffer>;
  /** The folder that is /certificates in the image. */
  certificates: string;
  /** Writes the settings again with these changes; the edge reads them at SIGHUP. */
  change: (changes: Record<string, unknown>) => Promise<void>;
  close: () => Promise<void>;
};

/** The secret of that edge and its proxy. */
export const edgeToken = "0123456789abcdef";

/** Starts nginx/edge.ts as the image does, and waits until it answers. `changes` are keys of settings.json. */
export const startEdge = async ({
  folders,
  ...changes
}: Record<string, unknown> & { folders?: Record<string, string> }): Promise<Edge> => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-edge-"));
  const pathOf = (name: string) => join(folder, name);
  // Where the tests run as root, nginx's workers have another account and could not read the page in a checkout below /root.
  await chmod(folder, 0o755);
  await mkdir(pathOf("certificates"));
  await mkdir(pathOf("secrets"));
  await writeFile(pathOf("secrets/edge-token"), `${edgeToken}\n`);
  await cp(assetPath("nginx"), pathOf("assets"), { recursive: true });
  const [http, https, health] = await freePorts(3);
  const basic = {
    domain: null,
    address: "127.0.0.1",
    tls: { kind: "self-signed" },
    listen: {
      http: `127.0.0.1:${http}`,
      https: `127.0.0.1:${https}`,
      health: `127.0.0.1:${health}`,
    },
    folders: {
      certificates: pathOf("certificates"),
      run: pathOf("run"),
      assets: pathOf("assets"),
      secrets: pathOf("secrets"),
      ...folders,
    },
  };
  const change = (more: Record<string, unknown>) =>
    writeFile(pathOf("settings.json"), JSON.stringify({ ...basic, ...changes, ...more }));
  await change({});
  const running = startProgram(
    "../../../nginx/edge.js",
    [pathOf("settings.json")],
    pathOf("output"),
  );
  const close = async () => {
    running.process.kill("SIGTERM");
    await running.ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    // Not the port alone: `nginx -t` listens there for a moment as well.
    await eventually(
      async () => (await running.output()).includes("nginx runs"),
      "nginx is started",
    );
    await answering(health, running);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    ...running,
    ports: { http, https },
    certificate: () => readFile(pathOf("certificates/self-signed.pem")),
    certificates: pathOf("certificates"),
    change,
    close,
  };
};

/** Starts a compiled program. Its output goes to a file, as nginx cannot open a socket of Node's as /dev/stdout. */
export const startProgram = (program: string, argv: readonly string[], log: string): Running => {
  const logFile = openSync(log, "a");
  const path = new URL(program, import.meta.url).pathname;
  const [command = "", ...rest] = [...endWithTests, process.execPath, path, ...argv];
  const child = spawn(command, rest, { stdio: ["ignore", logFile, logFile] });
  return {
    process: child,
    output: () => readFile(log, "utf8"),
    ended: new Promise((resolve) => {
      child.once("exit", (code) => resolve(code));
    }),
  };
};

/** The programs end with an interrupted run of the tests. */
const setpriv = "/usr/bin/setpriv";
const endWithTests = existsSync(setpriv) ? [setpriv, "--pdeathsig", "TERM"] : [];

/** Waits until something listens on a loopback port. */
export const answering = (port: number, { output }: Pick<Running, "output">): Promise<true> =>
  waitUntil(async () => ((await listens(port)) ? true : undefined), {
    deadline: 25_000,
    every: 30,
    otherwise: async () =>
      new Error(`nothing answers on port ${port}; its output:\n${await output()}`),
  });

/** Waits until a condition holds. */
export const eventually = (
  condition: () => boolean | Promise<boolean>,
  description: string,
): Promise<true> =>
  waitUntil(async () => ((await condition()) ? true : undefined), {
    deadline: 25_000,
    every: 30,
    otherwise: () => new Error(`not within 25 s: ${description}`),
  });

/** Free loopback ports. */
export const freePorts = async (count: 3): Promise<[number, number, number]> => {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(
    servers.map((server) => new Promise((resolve) => server.once("listening", resolve))),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports as [number, number, number];
};

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
