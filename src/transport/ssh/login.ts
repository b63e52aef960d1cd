import { Socket, connect } from "node:net";
import type { Duplex } from "node:stream";
import ssh2, { type Client } from "ssh2";
import type { SshConfig } from "./config.js";
import { dialError, noKeyError } from "./errors.js";
import { type HostKeyPolicy, hostKeyAlgorithms, knownHostsOf, verifyHostKey } from "./host-key.js";
import { credentialsOf } from "./keys.js";

/** How to log in: how long to wait, whom to trust; and how often to look whether the line still stands (15 s). Milliseconds. */
export type LoginOptions = HostKeyPolicy & { timeoutMs: number; keepaliveMs?: number };

/** A connection, who is logged in there, and the end of it. */
export type Line = { client: Client; user: string; close: () => Promise<void> };

/** Makes one connection, over `way` where it leads through another host, and logs in. Throws UnreachableError with a hint. */
export const login = async (
  host: string,
  config: SshConfig,
  way: (() => Promise<Duplex>) | undefined,
  options: LoginOptions,
): Promise<Line> => {
  const [credentials, known] = await Promise.all([credentialsOf(config), knownHostsOf(config)]);
  if (credentials.methods.length === 0) throw noKeyError(host, config, credentials);
  const socket =
    way === undefined
      ? // Small packets go out at once: held back for the other side's ACK, the login takes two round trips more.
        connect({ host: config.hostname, port: config.port, noDelay: true })
      : await way();
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
        sock: socket,
        username: config.user,
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
  const closed = new Promise<void>((resolve) => client.once("close", resolve));
  const close = async (): Promise<void> => {
    client.end();
    // Once the goodbye is out nobody waits for the other side's: that is a round trip and the end of its processes.
    if (!(socket instanceof Socket)) return;
    socket.destroySoon();
    const timer = setTimeout(() => socket.destroy(), 2000);
    await closed;
    clearTimeout(timer);
  };
  return { client, user: config.user, close };
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
