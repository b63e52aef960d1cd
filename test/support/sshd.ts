import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { temporaryFolder } from "./temporary-folder.js";

const program = "/usr/sbin/sshd";

/** Whether this machine can run an SSH server of its own. */
export const hasSshd = (): boolean => existsSync(program);

/** A real sshd on a loopback port, logging in the current user, with an ssh configuration that calls it "box". */
export type Sshd = {
  folder: string;
  port: number;
  configFile: string;
  knownHosts: string;
  /** The public host key's line: type and base64. */
  hostKey: (type: KeyType) => Promise<string>;
  /** Takes the connections away, as a cut cable does. */
  cut: () => void;
  /** Leaves the connections open and answers nothing any more, as a machine does that lost its cable. */
  freeze: () => void;
  /** How many connections were made. */
  dials: () => number;
  close: () => Promise<void>;
};

export type KeyType = "ed25519" | "ecdsa" | "rsa";

/** Starts one; `settings` are lines of sshd_config, `client` lines of the ssh configuration for "box". */
export const startSshd = async ({
  settings = [],
  client = [],
  keys = ["ed25519"],
}: { settings?: string[]; client?: string[]; keys?: KeyType[] } = {}): Promise<Sshd> => {
  const folder = temporaryFolder();
  const at = (name: string) => join(folder, name);
  await Promise.all([
    makeKey(at("id"), "ed25519"),
    ...keys.map((type) => makeKey(at(`host-${type}`), type)),
    // sshd's own chroot for what it does before the login; the service's unit would make it.
    process.getuid?.() === 0 ? mkdir("/run/sshd", { recursive: true, mode: 0o755 }) : undefined,
  ]);
  // Whoever runs the tests is taken for root by this sudo.
  await writeProgram(folder, "sudo", 'while [ "${1#-}" != "$1" ]; do shift; done; exec "$@"');
  await writeFile(at("authorized"), await readFile(at("id.pub")));
  const lines = [
    ...keys.map((type) => `HostKey ${at(`host-${type}`)}`),
    `AuthorizedKeysFile ${at("authorized")}`,
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin prohibit-password",
    "PidFile none",
    // Debian's bash reads ~/.bashrc for sshd's commands, unless it seems to run in another shell.
    `SetEnv SHLVL=1 PATH=${at("bin")}:/usr/local/bin:/usr/bin:/bin`,
  ];
  // The first mention of a setting counts.
  await writeFile(at("sshd_config"), [...settings, ...lines, ""].join("\n"));

  // sshd as inetd starts it: no port to guess, and each connection is a process that we know.
  const running = new Set<ChildProcess>();
  let dials = 0;
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    dials += 1;
    const child = spawn(program, ["-i", "-f", at("sshd_config"), "-E", at("log")], {
      stdio: [socket, socket, "ignore"],
      // A group of its own: sshd may hand the connection to a child.
      detached: true,
    });
    running.add(child);
    child.once("exit", () => running.delete(child));
    socket.destroy();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  await writeFile(
    at("config"),
    [
      "Host box",
      "  HostName 127.0.0.1",
      `  Port ${port}`,
      ...client.map((line) => `  ${line}`),
      `  User ${userInfo().username}`,
      `  IdentityFile ${at("id")}`,
      "  IdentityAgent none",
      `  UserKnownHostsFile ${at("known_hosts")}`,
      "  GlobalKnownHostsFile /dev/null",
      "  HashKnownHosts no",
      "",
    ].join("\n"),
  );
  const signal = (name: "SIGKILL" | "SIGSTOP") => {
    for (const { pid } of running) if (pid !== undefined) signalGroup(pid, name);
  };
  const cut = () => {
    signal("SIGKILL");
    running.clear();
  };
  return {
    folder,
    port,
    configFile: at("config"),
    knownHosts: at("known_hosts"),
    hostKey: async (type) =>
      (await readFile(at(`host-${type}.pub`), "utf8")).split(" ").slice(0, 2).join(" ").trim(),
    cut,
    freeze: () => signal("SIGSTOP"),
    dials: () => dials,
    close: async () => {
      cut();
      await new Promise((closed) => server.close(closed));
      await rm(folder, { recursive: true, force: true });
    },
  };
};

const signalGroup = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(-pid, name);
  } catch {
    // It ended by itself in the meantime.
  }
};

/** A shell script that stands before the real program over there. */
export const writeProgram = async (folder: string, name: string, script: string): Promise<void> => {
  await mkdir(join(folder, "bin"), { recursive: true });
  await writeFile(join(folder, "bin", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
};

const makeKey = (path: string, type: KeyType) =>
  execa("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", "test", "-f", path]);
