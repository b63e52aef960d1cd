import { Socket, connect } from "node:net";
import type { Duplex } from "node:stream";
import ssh2, { type Client } from "ssh2";
import type { SshConfig } from "./config.js";
import { dialError, noKeyError } from "./errors.js";
import { type HostKeyPolicy, hostKeyAlgorithms, knownHostsOf, verifyHostKey } from "./host-key.js";
import { credentialsOf } from "./keys.js";

/**
 * How to log in: which host keys to trust, how long to wait for each answer (four times that for the whole login), and how often to send a keepalive
 * (15 s). Milliseconds.
 */
export type LoginOptions = HostKeyPolicy & { timeoutMs: number; keepaliveMs?: number };

/**
 * A connection that is logged in, with the user's name on the machine, and the machine's address as the operator reaches it;
 * undefined behind a jump host.
 */
export type Login = {
  client: Client;
  user: string;
  address: string | undefined;
  close: () => Promise<void>;
};

/** Makes one connection, over what `open` opens where it leads through a jump host, and logs in. Throws UnreachableError with a hint. */
export const login = async (
  host: string,
  config: SshConfig,
  open: (() => Promise<Duplex>) | undefined,
  options: LoginOptions,
): Promise<Login> => {
  const [credentials, known] = await Promise.all([credentialsOf(config), knownHostsOf(config)]);
  if (credentials.methods.length === 0)
    throw noKeyError(host, config, credentials, await credentials.skipped());
  const socket =
    open === undefined
      ? // Small packets are sent at once: held back until the machine's ACK, the login takes two more round trips.
        connect({ host: config.hostname, port: config.port, noDelay: true })
      : await open();
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
        // An agent that fails is skipped; the next method is tried.
        if (error.level === "agent") return;
        clock.stop();
        reject(error);
      });
      client.on("close", () => {
        clock.stop();
        const message = "the connection was closed during the login";
        reject(Object.assign(new Error(message), { level: "client-closed" }));
      });
      client.connect({
        sock: socket,
        username: config.user,
        // sshd counts each failed connection against us, so one connection tries all methods.
        authHandler: [...credentials.methods],
        algorithms: { serverHostKey: hostKeyAlgorithms(known) },
        hostVerifier: (key: Buffer, answer: (isAccepted: boolean) => void) => {
          // A long connection exchanges keys again, with the same host key.
          if (accepted?.equals(key)) return answer(true);
          // The operator may take longer to answer than the deadline.
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
      // A machine that boots or swaps is slow at each step. ssh2 listens first: the first listener makes the stream flow.
      socket.on("data", clock.extend);
    });
  } catch (error) {
    client.destroy();
    const isRefused = (error as { level?: string }).level === "client-authentication";
    throw dialError(
      host,
      config,
      credentials,
      error,
      isRefused || /authentication failures/i.test(String(error))
        ? await credentials.skipped()
        : [],
    );
  }
  const closed = new Promise<void>((resolve) => client.once("close", resolve));
  const close = async (): Promise<void> => {
    client.end();
    // Does not wait for the machine's goodbye, which would take a round trip and the end of its processes.
    if (!(socket instanceof Socket)) return;
    socket.destroySoon();
    const timer = setTimeout(() => socket.destroy(), 2000);
    await closed;
    clearTimeout(timer);
  };
  const address = socket instanceof Socket ? socket.remoteAddress : undefined;
  return { client, user: config.user, address, close };
};

/** Calls `passed` this long after the last start or extension; what only extends it has four times as long in all. */
const deadline = (milliseconds: number, passed: () => void) => {
  let timer: NodeJS.Timeout | undefined;
  let last = 0;
  const start = (left = milliseconds): void => {
    clearTimeout(timer);
    timer = setTimeout(passed, left);
  };
  const begin = (): void => {
    last = Date.now() + 4 * milliseconds;
    start();
  };
  begin();
  return {
    start: begin,
    extend: () => {
      if (timer !== undefined) start(Math.min(milliseconds, Math.max(0, last - Date.now())));
    },
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
    },
  };
};
