import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "ava";
import { loadConfig } from "../../src/config/load.js";
import { UserError, exitCode } from "../../src/errors.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const fileWith = async (content: string | Uint8Array): Promise<string> => {
  const path = join(temporaryFolder(), "class.yaml");
  await writeFile(path, content);
  return path;
};

const refusal = async (path: string): Promise<UserError> => {
  try {
    await loadConfig(path);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error(`${path} was accepted`);
};

test("three keys are enough, and all others have defaults", async (t) => {
  const path = await fileWith("name: a\nmanager: local\nstorage: {device: /dev/vdb}\n");
  t.deepEqual(await loadConfig(path), {
    name: "a",
    otherNames: [],
    subdomains: false,
    manager: { destination: "local" },
    workers: [],
    storage: {
      kind: "persistent",
      backing: { kind: "device", path: "/dev/vdb" },
      quota: { default: 5 * 2 ** 30, groups: {} },
      files: 200_000,
      trashDays: 30,
    },
    tls: { kind: "self-signed" },
    login: {
      method: { kind: "shared-password", password: { kind: "generated" } },
      remember: 43_200_000,
      admins: [],
      teachers: [],
      adminsMayEnter: false,
      groups: {},
      groupServers: {},
      services: [],
    },
    servers: {
      image: "quay.io/jupyter/scipy-notebook:2026-11-02",
      images: [],
      start: "/lab",
      environment: {},
      secrets: {},
      files: [],
      strategy: "spread",
      network: { access: "no-private", except: [] },
      memory: 2 ** 30,
      cpu: 1,
      scratch: 10 * 2 ** 30,
    },
    registries: {},
    usesSystemSsh: false,
    swarm: { encrypted: false },
    engine: { registryMirrors: [] },
  } as never);
});

test("every value of a full file is in the configuration", async (t) => {
  const path = await fileWith(`
name: geo-101
domain: [geo.example.org, www.geo.example.org]
manager: {host: debian@203.0.113.10, address: 10.0.0.5}
workers: ["ssh://ada@203.0.113.11:2222", {host: w2}]
storage:
  file: 1.5T
  quota: {default: 500M, staff: 50G}
  files: 1.5M
  trash: 7d
  host: {host: nas, address: 10.0.0.9}
tls: off
login: {shared-password: from-env ROOM_PASSWORD, remember: 1.5h, admins: [ada, bob@example.org], teachers: [carl], admins-may-enter: true, groups: {staff: [ada], tutors: []}}
servers: {image: "localhost:5000/class@sha256:${"a".repeat(64)}", memory: 1.5G, guarantee: 700M, cpu: 0.5, processes: 300, gpus: 2, scratch: off, idle: 1.5h}
ssh: system
swarm: {encrypted: true}
engine: {registry-mirrors: ["http://10.77.0.1:5000/"]}
`);
  t.deepEqual(await loadConfig(path), {
    name: "geo-101",
    domain: "geo.example.org",
    otherNames: ["www.geo.example.org"],
    subdomains: false,
    manager: { destination: "debian@203.0.113.10", address: "10.0.0.5" },
    workers: [{ destination: "ssh://ada@203.0.113.11:2222" }, { destination: "w2" }],
    storage: {
      kind: "persistent",
      host: { destination: "nas", address: "10.0.0.9" },
      backing: { kind: "file", size: 1.5 * 2 ** 40 },
      quota: { default: 500 * 2 ** 20, groups: { staff: 50 * 2 ** 30 } },
      files: 1_500_000,
      trashDays: 7,
    },
    tls: { kind: "off", trustedProxies: [] },
    login: {
      method: { kind: "shared-password", password: { kind: "env", name: "ROOM_PASSWORD" } },
      remember: 5_400_000,
      admins: ["ada", "bob@example.org"],
      teachers: ["carl"],
      adminsMayEnter: true,
      groups: { staff: ["ada"], tutors: [] },
      groupServers: {},
      services: [],
    },
    servers: {
      image: `localhost:5000/class@sha256:${"a".repeat(64)}`,
      strategy: "spread",
      network: { access: "no-private", except: [] },
      memory: 1.5 * 2 ** 30,
      guarantee: 700 * 2 ** 20,
      cpu: 0.5,
      processes: 300,
      gpus: 2,
      images: [],
      start: "/lab",
      environment: {},
      secrets: {},
      files: [],
      idle: 5_400_000,
    },
    registries: {},
    usesSystemSsh: true,
    swarm: { encrypted: true },
    engine: { registryMirrors: ["http://10.77.0.1:5000"] },
  } as never);
});

test("images to choose from have the limits of all servers unless they have their own; the first is the default", async (t) => {
  const { servers } = await loadConfig(
    await fileWith(
      "name: a\nmanager: local\nstorage: temporary\nservers:\n  memory: 2G\n  images:\n    - {name: R, image: r:1, cpu: 2}\n    - {name: Py, image: py:1, memory: 1G, description: small}\n",
    ),
  );
  t.is(servers.image, "r:1");
  t.deepEqual(servers.images as unknown[], [
    { name: "R", description: "", image: "r:1", memory: 2 ** 31, cpu: 2 },
    { name: "Py", description: "small", image: "py:1", memory: 2 ** 30, cpu: 1 },
  ]);
});

test("the path of a folder to build starts at the configuration, and the place of its key is kept", async (t) => {
  const path = await fileWith(
    "name: a\nmanager: local\nstorage: temporary\nservers:\n  images:\n    - {name: R, image: r:1}\n    - {name: Ours, build: ./image}\n",
  );
  const { servers } = await loadConfig(path);
  const folder = join(dirname(path), "image");
  t.is(servers.image, "r:1");
  t.is(servers.build, undefined);
  t.like(servers.images[1], {
    image: folder,
    build: { folder, place: { file: path, line: 7, column: 27 } },
  });
  const alone = await fileWith(
    "name: a\nmanager: local\nstorage: temporary\nservers: {build: /srv/image}\n",
  );
  t.like((await loadConfig(alone)).servers, {
    image: "/srv/image",
    build: { folder: "/srv/image", place: { file: alone, line: 4, column: 18 } },
  });
});

test("the path of a password's file starts at the configuration", async (t) => {
  const text =
    "name: a\nmanager: local\nstorage: {device: /dev/vdb}\nlogin: {shared-password: from-file ";
  const beside = await fileWith(`${text}pw/room.txt}`);
  const { method } = (await loadConfig(beside)).login;
  t.like(method, { password: { kind: "file", path: join(beside, "..", "pw/room.txt") } });
  const absolute = await loadConfig(await fileWith(`${text}/etc/room.txt}`));
  t.like(absolute.login.method, { password: { kind: "file", path: "/etc/room.txt" } });
});

test("an invalid file is a usage error with a hint", async (t) => {
  const path = await fileWith("name: 5\n");
  const error = await refusal(path);
  t.is(error.code, exitCode.usage);
  t.is(error.hint, `correct ${path}, then repeat the command`);
  t.true(error.message.startsWith(`${path}:1:`));
});

test("a missing file leads to swarmhub init", async (t) => {
  const error = await refusal("/nowhere/swarmhub.yaml");
  t.is(error.message, "/nowhere/swarmhub.yaml: no such file");
  t.regex(error.hint ?? "", /swarmhub init/);
  t.is(error.code, exitCode.usage);
});

test("a folder is refused", async (t) => {
  t.regex((await refusal(tmpdir())).message, /it is a folder/);
});

test("a file of 10 MB is refused and not parsed", async (t) => {
  const error = await refusal(await fileWith(Buffer.alloc(10_000_000, "#")));
  t.regex(error.message, /:1:1 {2}the file is larger than 1 MB/);
});

test("an endless file is read up to 1 MB", async (t) => {
  t.regex((await refusal("/dev/zero")).message, /larger than 1 MB/);
});

test("bytes that are not UTF-8 are refused with their line and column", async (t) => {
  const content = Buffer.concat([
    Buffer.from("# für\nname: g"),
    Buffer.from([0xe9]),
    Buffer.from("o\n"),
  ]);
  t.regex((await refusal(await fileWith(content))).message, /:2:8 {2}this is not UTF-8/);
  const last = Buffer.concat([Buffer.from("name: "), Buffer.from([0xff, 0xfe])]);
  t.regex((await refusal(await fileWith(last))).message, /:1:7 {2}this is not UTF-8/);
});

test("a byte order mark is accepted", async (t) => {
  const path = await fileWith("\uFEFFname: a\nmanager: local\nstorage: {device: /dev/vdb}\n");
  t.is((await loadConfig(path)).name, "a");
});

test("temporary homes need no disk, and persistent ones may have none yet", async (t) => {
  const storageOf = async (storage: string) =>
    (await loadConfig(await fileWith(`name: a\nmanager: local\nstorage: ${storage}\n`))).storage;
  t.deepEqual(await storageOf("temporary"), { kind: "temporary" });
  t.like(await storageOf("{quota: 1G}"), { kind: "persistent", backing: { kind: "unnamed" } });
});

test("our own images come from the configured registry, else from the one of a packaged release, else they are built", async (t) => {
  const minimal = "name: a\nmanager: local\nstorage: {device: /dev/vdb}\n";
  const without = await fileWith(minimal);
  const path = await fileWith(`${minimal}engine: {own-images: quay.io/courses}\n`);
  const ownImages = async (...args: Parameters<typeof loadConfig>) =>
    (await loadConfig(...args)).engine.ownImages;
  t.is(await ownImages(path, "ghcr.io/release"), "quay.io/courses");
  t.is(await ownImages(without, "ghcr.io/release"), "ghcr.io/release");
  t.is(await ownImages(without, ""), undefined);
  await t.throwsAsync(loadConfig(without, "https://quay.io"), { message: /without https/ });
});
