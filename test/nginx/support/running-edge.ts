import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, openSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestFn } from "ava";
import { assetPath } from "../../../src/operator/assets.js";
import { waitUntil } from "../../../src/wait.js";

// Debian has it in a folder that only root's PATH knows.
process.env["PATH"] += ":/usr/sbin";

/** Whether this machine has the real one. */
export const hasNginx = existsSync("/usr/sbin/nginx");

/** A test that needs nginx: left out where there is none. */
export const withNginx = (hasNginx ? test : test.skip) as TestFn;

/** A program of ours as a child, with all that it says in one file. */
export type Running = {
  process: ChildProcess;
  said: () => Promise<string>;
  ended: Promise<number | null>;
};

/** An edge that really runs, on loopback ports of its own. */
export type Edge = Running & {
  ports: { http: number; https: number };
  /** The self-signed certificate. */
  certificate: () => Promise<Buffer>;
  /** The folder that is /certificates in the image. */
  certificates: string;
  /** Writes the settings anew with these changes; the edge reads them at SIGHUP. */
  change: (changes: Record<string, unknown>) => Promise<void>;
  close: () => Promise<void>;
};

/** Starts nginx/edge.ts as the image does, and waits until it answers. `changes` are keys of edge.json. */
export const startEdge = async ({
  folders,
  ...changes
}: Record<string, unknown> & { folders?: Record<string, string> }): Promise<Edge> => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-edge-"));
  const at = (name: string) => join(folder, name);
  // nginx's workers are another user where we are root, and read the page: in a checkout below /root they cannot.
  await chmod(folder, 0o755);
  await mkdir(at("certificates"));
  await cp(assetPath("nginx"), at("assets"), { recursive: true });
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
      certificates: at("certificates"),
      run: at("run"),
      assets: at("assets"),
      ...folders,
    },
  };
  const change = (more: Record<string, unknown>) =>
    writeFile(at("edge.json"), JSON.stringify({ ...basic, ...changes, ...more }));
  await change({});
  const running = startProgram("../../../nginx/edge.js", [at("edge.json")], at("said"));
  // Not the port alone: `nginx -t` listens there for a moment as well.
  await eventually(async () => (await running.said()).includes("nginx runs"), "nginx is started");
  await answering(health, running);
  return {
    ...running,
    ports: { http, https },
    certificate: () => readFile(at("certificates/self-signed.pem")),
    certificates: at("certificates"),
    change,
    close: async () => {
      running.process.kill("SIGTERM");
      await running.ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** Starts a compiled program. What it says goes to a file, as nginx cannot open a socket of Node's as /dev/stdout. */
export const startProgram = (program: string, argv: readonly string[], log: string): Running => {
  const output = openSync(log, "a");
  const path = new URL(program, import.meta.url).pathname;
  const [command = "", ...rest] = [...endWithUs, process.execPath, path, ...argv];
  const child = spawn(command, rest, { stdio: ["ignore", output, output] });
  return {
    process: child,
    said: () => readFile(log, "utf8"),
    ended: new Promise((resolve) => {
      child.once("exit", (code) => resolve(code));
    }),
  };
};

/** A run of the tests that is interrupted takes its programs along. */
const setpriv = "/usr/bin/setpriv";
const endWithUs = existsSync(setpriv) ? [setpriv, "--pdeathsig", "TERM"] : [];

/** Waits until something listens on a loopback port. */
export const answering = (port: number, { said }: Pick<Running, "said">): Promise<true> =>
  waitUntil(async () => ((await listens(port)) ? true : undefined), {
    deadline: 25_000,
    every: 30,
    otherwise: async () => new Error(`nothing answers on port ${port}; it said:\n${await said()}`),
  });

/** Waits until a condition holds. */
export const eventually = (
  condition: () => boolean | Promise<boolean>,
  what: string,
): Promise<true> =>
  waitUntil(async () => ((await condition()) ? true : undefined), {
    deadline: 25_000,
    every: 30,
    otherwise: () => new Error(`in 25 s it did not come about that ${what}`),
  });

/** Loopback ports that nothing listens on just now. */
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
