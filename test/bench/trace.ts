import { type Docker, dockerOver } from "../../src/docker/client.js";
import { probeLogin } from "../../src/host/login.js";
import { type Host, createHost } from "../../src/host/host.js";
import { dockerSocket } from "../../src/transport/socket.js";
import { sshTransport } from "../../src/transport/ssh.js";
import { resolveSsh } from "../../src/transport/ssh/config.js";
import type { Transport } from "../../src/transport/transport.js";

/** A wait: its host, its kind, its start and its end (milliseconds of `performance.now`). */
export type Span = { host: string; kind: Kind; what: string; started: number; ended: number };
export type Kind = "phase" | "ssh -G" | "connect" | "exec" | "socket" | "docker";

/** Records the waits for work. */
export type Trace = {
  spans: Span[];
  record: <T>(host: string, kind: Kind, what: string, work: () => Promise<T>) => Promise<T>;
};

export const startTrace = (): Trace => {
  const spans: Span[] = [];
  return {
    spans,
    record: async (host, kind, what, work) => {
      const started = performance.now();
      try {
        return await work();
      } finally {
        spans.push({ host, kind, what, started, ended: performance.now() });
      }
    },
  };
};

/** Connects like src/host/connect.ts, and records each wait. */
export const connectTraced = async (
  name: string,
  sshConfigFile: string,
  trace: Trace,
): Promise<Host> => {
  await trace.record(name, "ssh -G", "extra call, to measure it", () =>
    resolveSsh(name, sshConfigFile),
  );
  const bare = await trace.record(name, "connect", "dial and log in", () =>
    sshTransport(name, { sshConfigFile, acceptNewHostKeys: false, timeoutMs: 15_000 }),
  );
  const transport: Transport = {
    ...bare,
    exec: (command, options) =>
      trace.record(name, "exec", labelOf(command, options?.input), () =>
        bare.exec(command, options),
      ),
    socket: (path) => trace.record(name, "socket", path, () => bare.socket(path)),
  };
  transport.prepare(dockerSocket);
  const login = await probeLogin(name, transport);
  const docker = dockerOver(name, () => transport.socket(dockerSocket));
  recordCalls(docker, name, trace);
  return createHost(name, transport, docker, login);
};

type Dial = (
  options: { path: string; method: string },
  answer: (...results: unknown[]) => void,
) => void;

const recordCalls = (docker: Docker, host: string, { spans }: Trace): void => {
  const modem = docker.modem as unknown as { dial: Dial };
  const dial = modem.dial.bind(modem);
  modem.dial = (options, answer) => {
    const started = performance.now();
    const [path = ""] = options.path.split("?");
    dial(options, (...results) => {
      spans.push({
        host,
        kind: "docker",
        what: `${options.method} ${path}`,
        started,
        ended: performance.now(),
      });
      answer(...results);
    });
  };
};

/** A name for a script, which its first line does not show. */
const labelOf = (command: string, input: string | Uint8Array | undefined): string => {
  const text = typeof input === "string" ? input : command;
  const known: [RegExp, string][] = [
    [/section os-release/, "login and facts"],
    [/flock/, /rmdir "\$folder"/.test(text) ? "release the lock" : "take the lock"],
    [/exportfs -s/, "inspect the disk"],
    [/echo answers/, "find a route to Docker"],
  ];
  return known.find(([pattern]) => pattern.test(text))?.[1] ?? text.trim().slice(0, 40);
};
