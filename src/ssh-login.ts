import type { Duplex } from "node:stream";
import ssh2, { type Client } from "ssh2";
import { hostKeyAlgorithms, knownHostsOf, verifyHostKey, type HostKeyPolicy } from "./host-key.js";
import type { SshConfig } from "./ssh-config.js";
import { dialError, noKeyError } from "./ssh-errors.js";
import { credentialsOf } from "./ssh-keys.js";

/** How to log in: how long to wait, whom to trust; and how often to look whether the line still stands (15 s). Milliseconds. */
export type LoginOptions = HostKeyPolicy & { timeoutMs: number; keepaliveMs?: number };

/** A connection, and the end of it. */
export type Line = { client: Client; close: () => Promise<void> };

/** Makes one connection, over `way` where it leads through another host, and logs in. Throws UnreachableError with a cure. */
export const login = async (
  host: string,
  config: SshConfig,
  way: (() => Promise<Duplex>) | undefined,
  options: LoginOptions,
): Promise<Line> => {
  const [credentials, known] = await Promise.all([credentialsOf(config), knownHostsOf(config)]);
  if (credentials.methods.length === 0) throw noKeyError(host, config, credentials);
  const sock = await way?.();
  const client = new ssh2.Client();
  try {
    await new Promise<void>((resolve, reject) => {
      const clock = deadline(options.timeoutMs, () => {
        reject(Object.assign(new Error("timed out"), { level: "client-timeout" }));
      });
      let accepted: Buffer | undefined;
      client.on("ready", () => {
        clock.stop();
        resolve();
      });
      client.on("error", (error: Error & { level?: string }) => {
        // An agent that fails is passed over; the next method is tried.
        if (error.level === "agent") return;
        clock.stop();
        reject(error);
      });
      client.on("close", () => {
        clock.stop();
        reject(new Error("the connection was closed during the login"));
      });
      client.connect({
        host: config.hostname,
        port: config.port,
        username: config.user,
        ...(sock === undefined ? {} : { sock }),
        // sshd counts each failed dial against us, so all methods go into one.
        authHandler: [...credentials.methods],
        algorithms: { serverHostKey: hostKeyAlgorithms(known) },
        hostVerifier: (key: Buffer, answer: (isRight: boolean) => void) => {
          // Long runs exchange keys again, and the same one is shown.
          if (accepted?.equals(key)) return answer(true);
          // The person who is asked may take longer than the deadline.
          clock.stop();
          verifyHostKey(host, config, key, options).then(
            () => {
              accepted = key;
              clock.start();
              answer(true);
            },
            (error: Error) => {
              reject(error);
              answer(false);
            },
          );
        },
        readyTimeout: 0,
        keepaliveInterval: options.keepaliveMs ?? 15_000,
        keepaliveCountMax: 3,
      });
    });
  } catch (error) {
    client.destroy();
    throw dialError(host, config, credentials, error);
  }
  client.setNoDelay(true);
  const closed = new AbortController();
  client.on("close", () => closed.abort());
  return { client, close: () => hangUp(client, closed.signal) };
};

const deadline = (milliseconds: number, passed: () => void) => {
  const start = () => setTimeout(passed, milliseconds);
  let timer = start();
  return {
    start: () => {
      clearTimeout(timer);
      timer = start();
    },
    stop: () => clearTimeout(timer),
  };
};

const hangUp = async (client: Client, isClosed: AbortSignal): Promise<void> => {
  if (isClosed.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      client.destroy();
      resolve();
    }, 2000);
    isClosed.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
    client.end();
  });
};
