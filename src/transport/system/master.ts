import { setMaxListeners } from "node:events";
import { access, rm } from "node:fs/promises";
import { join } from "node:path";
import { UnreachableError } from "../../errors.js";
import { waitUntil } from "../../wait.js";
import type { Shared } from "./client.js";
import { privateFolder } from "./folder.js";
import { NoLoginError, startSsh } from "./process.js";

/** A connection that the system's ssh keeps open, in a private folder with its sockets. */
export type Master = Shared & {
  folder: string;
  /** The machine's address; undefined behind another program (ProxyCommand, ProxyJump). */
  address: string | undefined;
  /** What ssh wrote. */
  lines: () => string[];
  close: () => Promise<void>;
};

/** How long to wait for the machine, and how often to ask whether it is there (15 s); milliseconds. */
type Times = { timeoutMs: number; keepaliveMs?: number };

/** Starts ssh with these words and waits until it is logged in. The host key must be known. Throws NoLoginError. */
export const openMaster = async (
  host: string,
  words: readonly string[],
  { timeoutMs, keepaliveMs = 15_000 }: Times,
): Promise<Master> => {
  const folder = await privateFolder();
  const control = join(folder, "control");
  const { ended, lines, close } = startSsh(
    host,
    folder,
    [
      "ControlMaster=yes",
      "ControlPersist=no",
      "StrictHostKeyChecking=yes",
      `ConnectTimeout=${Math.ceil(timeoutMs / 1000)}`,
      `ServerAliveInterval=${Math.ceil(keepaliveMs / 1000)}`,
      "ServerAliveCountMax=3",
    ],
    ["-S", control, ...words],
  );
  const end = async (): Promise<void> => {
    await close();
    await rm(folder, { recursive: true, force: true });
  };
  let isOver = false;
  void ended.then(() => (isOver = true));
  try {
    // ssh makes the socket when it is logged in.
    await waitUntil(async () => (isOver || (await exists(control)) ? true : undefined), {
      deadline: timeoutMs + touchMs,
      every: 15,
      otherwise: () => new NoLoginError([...lines(), "Connection timed out"]),
    });
    if (isOver) throw new NoLoginError(lines());
    // It has written that before, but it may not have been read yet.
    await waitUntil(
      async () => (isOver || lines().some((line) => login.test(line)) ? true : undefined),
      {
        deadline: 1000,
        every: 5,
        otherwise: () => new Error("an ssh that says nothing of it"),
      },
    ).catch(() => undefined);
  } catch (error) {
    await end();
    throw error;
  }
  const lost = new AbortController();
  setMaxListeners(0, lost.signal);
  const fail = (reason: string) =>
    lost.abort(new UnreachableError(host, `the connection was lost (${reason})`, `ssh ${host}`));
  void ended.then(() => fail(lossOf(lines())));
  return {
    host,
    control,
    lost: lost.signal,
    folder,
    address: addressIn(lines()),
    lines,
    close: async () => {
      lost.abort(new UnreachableError(host, "swarmhub closed the connection"));
      await end();
    },
  };
};

/** The operator may have to touch a security key. */
const touchMs = 30_000;

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const lossOf = (lines: readonly string[]): string =>
  lines.some((line) => /^Timeout, server .* not responding/.test(line))
    ? "no answer to three keepalives in a row"
    : "the machine closed it";

/** "Authenticated to box ([192.0.2.1]:22)", or "(via proxy)" where a program leads there. */
const login = /^Authenticated to \S+ \((?:\[([^\]]+)\]:\d+)?/;

const addressIn = (lines: readonly string[]): string | undefined =>
  lines.flatMap((line) => login.exec(line)?.[1] ?? [])[0];
