import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { temporaryFolder } from "./temporary-folder.js";

const program = "/usr/sbin/sshd";

/** Whether this machine has an SSH server. */
export const hasSshd = (): boolean => existsSync(program);

/** A real sshd on a loopback port for logins of the current user, with an SSH configuration that names it "box". */
export type Sshd = {
  folder: string;
  port: number;
  configFile: string;
  knownHosts: string;
  /** The public host key: its type and base64. */
  hostKey: (type: KeyType) => Promise<string>;
  /** Ends all connections, like a cut cable. */
  cut: () => void;
  /** Keeps the connections open without any further answer, like a machine without a network. */
  freeze: () => void;
  /** The number of connections so far. */
  dials: () => number;
  close: () => Promise<void>;
};

export type KeyType = "ed25519" | "ecdsa" | "rsa";

/** Starts one; `settings` are lines of sshd_config, `client` are lines of the SSH configuration for "box". */
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
    // The chroot of sshd before the login, which is usually created by its unit.
    process.getuid?.() === 0 ? mkdir("/run/sshd", { recursive: true, mode: 0o755 }) : undefined,
  ]);
  // This sudo treats the current user as root.
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
    // Debian's bash reads ~/.bashrc for commands of sshd, unless it runs in another shell.
    `SetEnv SHLVL=1 PATH=${at("bin")}:/usr/local/bin:/usr/bin:/bin`,
  ];
  // The first value of a setting is used.
  await writeFile(at("sshd_config"), [...settings, ...lines, ""].join("\n"));

  // Like inetd: no port has to be guessed, and the process of each connection is known.
  const running = new Set<ChildProcess>();
  let dials = 0;
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    dials += 1;
    const child = spawn(program, ["-i", "-f", at("sshd_config"), "-E", at("log")], {
      stdio: [socket, socket, "ignore"],
      // Its own process group: sshd may pass the connection to a child.
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
    // It has ended by itself.
  }
};

/** Writes a shell script that comes before the real program in PATH on the machine. */
export const writeProgram = async (folder: string, name: string, script: string): Promise<void> => {
  await mkdir(join(folder, "bin"), { recursive: true });
  await writeFile(join(folder, "bin", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
};

const makeKey = (path: string, type: KeyType) =>
  execa("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", "test", "-f", path]);
