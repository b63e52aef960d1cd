import { type Docker, dockerOver } from "../../src/docker/client.js";
import { probeLogin } from "../../src/host/connect.js";
import { type Host, createHost } from "../../src/host/host.js";
import { dockerSocket } from "../../src/transport/socket.js";
import { sshTransport } from "../../src/transport/ssh.js";
import { resolveSsh } from "../../src/transport/ssh/config.js";
import type { Transport } from "../../src/transport/transport.js";

/** Something that was waited for: on which host, of what kind, from when to when (milliseconds of `performance.now`). */
export type Span = { host: string; kind: Kind; what: string; begun: number; ended: number };
export type Kind = "phase" | "ssh -G" | "connect" | "exec" | "socket" | "docker";

/** Waits for work and notes how long it took. */
export type Trace = {
  spans: Span[];
  note: <T>(host: string, kind: Kind, what: string, work: () => Promise<T>) => Promise<T>;
};

export const startTrace = (): Trace => {
  const spans: Span[] = [];
  return {
    spans,
    note: async (host, kind, what, work) => {
      const begun = performance.now();
      try {
        return await work();
      } finally {
        spans.push({ host, kind, what, begun, ended: performance.now() });
      }
    },
  };
};

/** What src/host/connect.ts does, with a note of each wait. */
export const connectTraced = async (
  name: string,
  sshConfigFile: string,
  trace: Trace,
): Promise<Host> => {
  await trace.note(name, "ssh -G", "once more, to know what it takes", () =>
    resolveSsh(name, sshConfigFile),
  );
  const bare = await trace.note(name, "connect", "dial and log in", () =>
    sshTransport(name, { sshConfigFile, acceptNewHostKeys: false, timeoutMs: 15_000 }),
  );
  const transport: Transport = {
    ...bare,
    exec: (command, options) =>
      trace.note(name, "exec", labelOf(command, options?.input), () => bare.exec(command, options)),
    socket: (path) => trace.note(name, "socket", path, () => bare.socket(path)),
  };
  transport.prepare(dockerSocket);
  const greeting = await probeLogin(name, transport);
  const docker = dockerOver(name, () => transport.socket(dockerSocket));
  noteCalls(docker, name, trace);
  return createHost(name, transport, docker, greeting);
};

type Dial = (
  options: { path: string; method: string },
  answer: (...words: unknown[]) => void,
) => void;

const noteCalls = (docker: Docker, host: string, { spans }: Trace): void => {
  const modem = docker.modem as unknown as { dial: Dial };
  const dial = modem.dial.bind(modem);
  modem.dial = (options, answer) => {
    const begun = performance.now();
    const [path = ""] = options.path.split("?");
    dial(options, (...words) => {
      spans.push({
        host,
        kind: "docker",
        what: `${options.method} ${path}`,
        begun,
        ended: performance.now(),
      });
      answer(...words);
    });
  };
};

/** A script by what it is for: nobody knows it by its first line. */
const labelOf = (command: string, input: string | Uint8Array | undefined): string => {
  const text = typeof input === "string" ? input : command;
  const known: [RegExp, string][] = [
    [/section os-release/, "greeting and facts"],
    [/flock/, /rmdir "\$folder"/.test(text) ? "lock: give back" : "lock: take"],
    [/exportfs -s/, "the disk"],
    [/echo answers/, "look for a way to Docker"],
  ];
  return known.find(([pattern]) => pattern.test(text))?.[1] ?? text.trim().slice(0, 40);
};
