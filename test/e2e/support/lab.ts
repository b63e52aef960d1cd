import { type ExecFileException, execFile, spawn } from "node:child_process";
import { appendFile, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { assetsAt, ownImages } from "../../../src/operator/own-images.js";
import { quote } from "../../../src/text/shell.js";
import { root } from "../../support/root.js";

const run = promisify(execFile);

/** A lab of real virtual machines. */
export type Lab = {
  registry: string;
  image: string;
  sshConfig: string;
  /** The folder with the files of the lab, which are removed with it. */
  folder: string;
  /** The network namespace of its machines. */
  namespace: string;
  /** The address of this machine, as the machines of the lab see it. */
  operator: string;
  /** The address of a guest in the network of its machines. */
  address: (guest: number) => string;
  /** The address at which this machine reaches a guest; it differs in a lab for classes. */
  reachableAddress: (guest: number) => string;
  /** Runs a script as root on a guest; returns its stdout, throws if it fails. */
  on: (guest: number, script: string) => Promise<string>;
  /** Copies a file or folder of the project to a guest. */
  put: (guest: number, from: string, to: string) => Promise<void>;
  /** Writes a file on a guest. */
  write: (guest: number, path: string, content: string | Buffer) => Promise<void>;
  /** Runs a command of `scripts/lab`. */
  lab: (...argv: string[]) => Promise<string>;
};

/** The exit code, the output and the duration of a `swarmhub` command. */
export type CommandResult = { code: number; stdout: string; stderr: string; ms: number };

/** What runs `swarmhub` in a workshop. */
export type Runner = { swarmhub: (...command: string[]) => Promise<CommandResult> };

/** The time limit of one command on a guest (ms), so that a command that hangs fails before the time limit of all tests. */
const commandTimeout = 600_000;

/** Without these options ssh waits for ever for a machine that is gone. */
const keepAlive = ["-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=20"];

/** Lists the processes that are blocked in a guest's kernel, with their stacks. */
const listBlocked = `for p in /proc/[0-9]*; do
  case "$(cut -d')' -f2 "$p/stat" 2>/dev/null)" in " D "*) tr '\\0' ' ' <"$p/cmdline"; cat "$p/comm" "$p/stack";; esac
done
free -m; ps --ppid 2 -N -o pid,stat,etimes,wchan:24,args --sort=-etimes | tail -n 40`;

/** Packages that a machine may already have. */
export const packages = "docker.io,docker-cli,nfs-kernel-server,xfsprogs";

/**
 * Boots a lab of blank machines. `prepared`: they have Docker and NFS, and the first one has our images, which saves the ten
 * minutes that the lifecycle test needs for them, unless `pullsImages` is false. The first `blank` machines stay blank.
 * `conditions`: those of each machine, for `scripts/lab up --with`; `release`: the one of Debian.
 */
export const bootLab = async (
  name: string,
  guests: number,
  memory: number,
  {
    prepared = false,
    pullsImages = true,
    blank = 0,
    forClass = false,
    conditions = [] as readonly string[],
    release = "trixie",
  } = {},
): Promise<Lab> => {
  const lab = labCommand(name);
  await buildImages(lab);
  await announceLab(name);
  const up = (count: number, ...more: string[]) =>
    lab("up", String(count), "--memory", String(memory), ...more);
  if (prepared && blank > 0) await up(blank);
  for (const [index, each] of conditions.entries()) await up(index + 1, "--with", each);
  if (conditions.length < guests)
    await up(
      guests,
      "--release",
      release,
      ...(prepared ? ["--packages", packages] : []),
      ...(forClass ? ["--class"] : []),
    );
  const opened = await openLab(name);
  const references = pullsImages ? images().map(({ reference }) => reference) : [];
  if (prepared)
    await opened.on(
      1 + blank,
      `set -e
mkdir -p /etc/docker
echo '{"registry-mirrors": ["http://${opened.registry}"]}' >/etc/docker/daemon.json
systemctl restart docker
for image in ${references.join(" ")}; do docker pull -q $image; done`,
    );
  return opened;
};

const assets = join(root, "dist/assets");
const images = () => ownImages(assetsAt((path) => join(assets, path)));

/** Runs commands of `scripts/lab` for the lab with this name. */
export const labCommand =
  (name: string): Lab["lab"] =>
  async (...argv) =>
    (await run(join(root, "scripts/lab"), ["--name", name, ...argv], { maxBuffer: 1 << 26 }))
      .stdout;

/** Lets the script that started the tests remove the lab if this process is killed. */
export const announceLab = async (name: string): Promise<void> => {
  const booted = process.env["SWARMHUB_BOOTED_LABS"];
  if (booted !== undefined) await appendFile(booted, `${name}\n`);
};

/**
 * Builds the notebook image and our own images for the registry of the lab, which serves ours as a release would: a class with
 * `engine: {own-images: docker.io/swarmhub}` pulls them.
 */
export const buildImages = (lab: Lab["lab"]): Promise<string> => {
  const targets = images().map(({ target, reference }) => `${target}=${reference}`);
  return lab("images", assets, ...targets);
};

/** Returns the running lab with this name. */
export const openLab = async (name: string): Promise<Lab> => {
  const lab = labCommand(name);
  const variables = Object.fromEntries(
    (await lab("env"))
      .trim()
      .split("\n")
      .map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
  const addressIn =
    (subnet = "") =>
    (guest: number): string =>
      subnet.replace(/\.0\/24$/, `.${10 + guest}`);
  const sshConfig = variables["LAB_SSH_CONFIG"] ?? "";
  const ssh = (
    guest: number,
    command: string,
    input: string | Buffer = "",
    timeout = commandTimeout,
  ) => {
    // The login shell of the user debian may be fish, or print a line; that of root is not.
    const argv = ["-F", sshConfig, ...keepAlive, "-l", "root", `node${guest}`, command];
    const running = run("ssh", argv, { maxBuffer: 1 << 26, timeout });
    // A connection that fails is in ssh's exit code; without a listener the broken pipe would end the test file.
    running.child.stdin?.on("error", () => {});
    running.child.stdin?.end(input);
    return running;
  };
  const folder = variables["LAB_FOLDER"] ?? "";
  /** The error for a command that did not end, with the blocked processes and the end of the guest's console. */
  const timeoutError = async (guest: number, script: string, output: string): Promise<Error> => {
    const blocked = await ssh(guest, `sh -c ${quote(listBlocked)}`, "", 30_000).then(
      ({ stdout }) => stdout,
      String,
    );
    const consoleLog = await readFile(join(folder, `vm${guest}.log`), "utf8").catch(String);
    return new Error(
      [`node${guest} did not end: ${script}`, output, blocked, consoleLog.slice(-2000)].join("\n"),
    );
  };
  const on: Lab["on"] = async (guest, script) => {
    const { stdout } = await ssh(guest, `sh -c ${quote(script)}`).catch(
      async (error: ExecFileException & { stdout: string; stderr: string }) => {
        const isHung = error.killed === true || error.stderr.includes("not responding");
        throw isHung ? await timeoutError(guest, script, error.stdout) : error;
      },
    );
    return stdout;
  };
  return {
    registry: variables["LAB_REGISTRY"] ?? "",
    image: variables["LAB_IMAGE"] ?? "",
    sshConfig,
    folder,
    namespace: variables["LAB_NAMESPACE"] ?? "",
    operator: variables["LAB_OPERATOR"] ?? "",
    address: addressIn(variables["LAB_GUEST_SUBNET"]),
    reachableAddress: addressIn(variables["LAB_SUBNET"]),
    on,
    put: async (guest, from, to) => {
      const archive = await run("tar", ["-C", join(root, from), "-cf", "-", "."], {
        encoding: "buffer",
        maxBuffer: 1 << 28,
      });
      await ssh(guest, `mkdir -p ${quote(to)} && tar -C ${quote(to)} -xf -`, archive.stdout);
    },
    write: async (guest, path, content) => {
      await ssh(guest, `cat >${quote(path)}`, content);
    },
    lab,
  };
};

/** Creates a folder with a configuration, in which swarmhub runs like an operator would run it. */
export const workshop = async (lab: Lab, yaml: string) => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-e2e-"));
  await writeFile(join(folder, "swarmhub.yaml"), yaml);
  // An image that the registry of the lab lacks would be looked up at Docker Hub, but tests must not leave this machine.
  const hosts = join(folder, "hosts");
  await writeFile(
    hosts,
    `${await readFile("/etc/hosts", "utf8")}\n127.0.0.1 registry-1.docker.io auth.docker.io index.docker.io\n`,
  );
  const withHosts = ["-m", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts];
  // In a lab for classes the operator works in the network of the machines, so that both know the same addresses.
  const [program, ...inNetwork] =
    lab.address(1) === lab.reachableAddress(1)
      ? ["unshare"]
      : ["nsenter", `--net=/run/netns/${lab.namespace}`, "unshare"];
  const argvOf = (command: readonly string[]) => [
    ...inNetwork,
    ...withHosts,
    join(root, "dist/swarmhub.js"),
    "--ssh-config",
    lab.sshConfig,
    ...command,
  ];
  const environment = { ...process.env, ROOM_PASSWORD: roomPassword };
  return {
    folder,
    /** Starts a command, without waiting for its end. */
    start: (...command: string[]) =>
      spawn(program, argvOf(command), {
        cwd: folder,
        env: environment,
        stdio: ["ignore", "pipe", "pipe"],
      }),
    swarmhub: async (...command: string[]): Promise<CommandResult> => {
      const started = performance.now();
      const options = { cwd: folder, env: environment, maxBuffer: 1 << 26 };
      const ended = await run(program, argvOf(command), options).then(
        (output) => ({ code: 0, ...output }),
        (error: { code: number; stdout: string; stderr: string }) => error,
      );
      return {
        code: ended.code,
        stdout: ended.stdout,
        stderr: ended.stderr,
        ms: performance.now() - started,
      };
    },
  };
};

/** The shared password in all tests. */
export const roomPassword = "a room in the lab";
