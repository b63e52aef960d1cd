import { type ExecFileException, execFile, spawn } from "node:child_process";
import { appendFile, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { assetsAt, ownImages } from "../../../src/operator/own-images.js";

const run = promisify(execFile);
const root = new URL("../../../../", import.meta.url).pathname;

/** A lab of real virtual machines, and swarmhub run against it as a person would. */
export type Lab = {
  registry: string;
  image: string;
  sshConfig: string;
  /** Where the lab keeps its own files; they go with it. */
  folder: string;
  /** The network namespace that its machines are in. */
  namespace: string;
  /** The address of a guest that the guest itself and the others know. */
  address: (guest: number) => string;
  /** The address at which this machine reaches a guest; another one in a lab for classes. */
  reachedAt: (guest: number) => string;
  /** Runs a command as root on a guest; answers its stdout, throws on a non-zero exit. */
  on: (guest: number, script: string) => Promise<string>;
  /** Copies a file or folder of the project to a guest. */
  put: (guest: number, from: string, to: string) => Promise<void>;
  /** Writes a file on a guest. */
  write: (guest: number, path: string, content: string | Buffer) => Promise<void>;
  /** `scripts/lab`, another of its commands. */
  lab: (...words: string[]) => Promise<string>;
};

/** What `swarmhub` answered. */
export type Answer = { code: number; stdout: string; stderr: string; ms: number };

/** How long one command on a guest may take (ms): what hangs is to fail as itself, and not to take the hour of all tests. */
const patience = 600_000;

/** A machine that is gone says nothing, and ssh by itself waits for ever. */
const noticesDeath = ["-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=20"];

/** Shows what waits in a guest's kernel, and where. */
const whatHangs = `for p in /proc/[0-9]*; do
  case "$(cut -d')' -f2 "$p/stat" 2>/dev/null)" in " D "*) tr '\\0' ' ' <"$p/cmdline"; cat "$p/comm" "$p/stack";; esac
done
free -m; ps --ppid 2 -N -o pid,stat,etimes,wchan:24,args --sort=-etimes | tail -n 40`;

/** What somebody's machine may have already. */
export const packages = "docker.io,docker-cli,nfs-kernel-server,xfsprogs";

/**
 * Boots a lab of that many blank machines. `prepared`: they have Docker and NFS already, and the first has our images, so
 * that a test of something else need not wait ten minutes for what the story shows. All that only after the first `blank`.
 */
export const bootLab = async (
  name: string,
  guests: number,
  memory: number,
  { prepared = false, blank = 0, forClass = false } = {},
): Promise<Lab> => {
  const lab = labCommand(name);
  await announceLab(name);
  await buildImages(lab, { prepared });
  const up = (count: number, ...more: string[]) =>
    lab("up", String(count), "--memory", String(memory), ...more);
  if (prepared && blank > 0) await up(blank);
  const more = [...(prepared ? ["--with", packages] : []), ...(forClass ? ["--class"] : [])];
  await up(guests, ...more);
  const opened = await openLab(name);
  if (prepared)
    await opened.on(
      1 + blank,
      `set -e
mkdir -p /etc/docker
echo '{"registry-mirrors": ["http://${opened.registry}"]}' >/etc/docker/daemon.json
systemctl restart docker
for image in ${images()
        .map(({ reference }) => reference)
        .join(" ")}; do docker pull -q $image; done`,
    );
  return opened;
};

const assets = join(root, "dist/assets");
const images = () => ownImages(assetsAt((path) => join(assets, path)));

/** `scripts/lab` with a lab's name. */
export const labCommand =
  (name: string): Lab["lab"] =>
  async (...words) =>
    (await run(join(root, "scripts/lab"), ["--name", name, ...words], { maxBuffer: 1 << 26 }))
      .stdout;

/** Whoever started this takes down what a killed process leaves up. */
export const announceLab = async (name: string): Promise<void> => {
  const booted = process.env["SWARMHUB_BOOTED_LABS"];
  if (booted !== undefined) await appendFile(booted, `${name}\n`);
};

/** Builds the notebook image for the lab's registry, and for prepared machines our images too. */
export const buildImages = (lab: Lab["lab"], { prepared = false }): Promise<string> => {
  const targets = prepared ? images().map(({ target, reference }) => `${target}=${reference}`) : [];
  return lab("images", ...(prepared ? [assets, ...targets] : []));
};

/** A lab that is up. */
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
  const ssh = (guest: number, command: string, input: string | Buffer = "", timeout = patience) => {
    const words = ["-F", sshConfig, ...noticesDeath, `node${guest}`, command];
    const running = run("ssh", words, { maxBuffer: 1 << 26, timeout });
    running.child.stdin?.end(input);
    return running;
  };
  const folder = variables["LAB_FOLDER"] ?? "";
  /** What is known of a command that did not end: what waits in the guest's kernel, and the end of its console. */
  const hung = async (guest: number, script: string, said: string): Promise<Error> => {
    const look = await ssh(guest, `sudo sh -c ${quote(whatHangs)}`, "", 30_000).then(
      ({ stdout }) => stdout,
      String,
    );
    const screen = await readFile(join(folder, `vm${guest}.log`), "utf8").catch(String);
    return new Error(
      [`node${guest} did not end: ${script}`, said, look, screen.slice(-2000)].join("\n"),
    );
  };
  const on: Lab["on"] = async (guest, script) => {
    const { stdout } = await ssh(guest, `sudo sh -c ${quote(script)}`).catch(
      async (error: ExecFileException & { stdout: string; stderr: string }) => {
        const isHung = error.killed === true || error.stderr.includes("not responding");
        throw isHung ? await hung(guest, script, error.stdout) : error;
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
    address: addressIn(variables["LAB_GUEST_SUBNET"]),
    reachedAt: addressIn(variables["LAB_SUBNET"]),
    on,
    put: async (guest, from, to) => {
      const archive = await run("tar", ["-C", join(root, from), "-cf", "-", "."], {
        encoding: "buffer",
        maxBuffer: 1 << 28,
      });
      await ssh(
        guest,
        `sudo sh -c ${quote(`mkdir -p ${quote(to)} && tar -C ${quote(to)} -xf -`)}`,
        archive.stdout,
      );
    },
    write: async (guest, path, content) => {
      await ssh(guest, `sudo tee ${quote(path)} >/dev/null`, content);
    },
    lab,
  };
};

/** A folder with a configuration, and `swarmhub` run in it. */
export const workshop = async (lab: Lab, yaml: string) => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-e2e-"));
  await writeFile(join(folder, "swarmhub.yaml"), yaml);
  // An image that the lab's registry lacks is asked for at Docker Hub, and tests talk to this machine alone.
  const hosts = join(folder, "hosts");
  await writeFile(
    hosts,
    `${await readFile("/etc/hosts", "utf8")}\n127.0.0.1 registry-1.docker.io auth.docker.io index.docker.io\n`,
  );
  const inside = ["-m", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts];
  // Where the machines have other addresses among themselves, the operator is in their network.
  const [program, ...entering] =
    lab.address(1) === lab.reachedAt(1)
      ? ["unshare"]
      : ["nsenter", `--net=/run/netns/${lab.namespace}`, "unshare"];
  const words = (command: readonly string[]) => [
    ...entering,
    ...inside,
    join(root, "dist/swarmhub.js"),
    "--ssh-config",
    lab.sshConfig,
    ...command,
  ];
  const environment = { ...process.env, ROOM_PASSWORD: roomPassword };
  return {
    folder,
    /** Starts it, without waiting for its end. */
    start: (...command: string[]) =>
      spawn(program, words(command), {
        cwd: folder,
        env: environment,
        stdio: ["ignore", "pipe", "pipe"],
      }),
    swarmhub: async (...command: string[]): Promise<Answer> => {
      const begun = performance.now();
      const options = { cwd: folder, env: environment, maxBuffer: 1 << 26 };
      const ended = await run(program, words(command), options).then(
        (output) => ({ code: 0, ...output }),
        (error: { code: number; stdout: string; stderr: string }) => error,
      );
      return {
        code: ended.code,
        stdout: ended.stdout,
        stderr: ended.stderr,
        ms: performance.now() - begun,
      };
    },
  };
};

/** The password of the room in every test. */
export const roomPassword = "a room in the lab";

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
