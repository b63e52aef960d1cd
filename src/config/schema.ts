import * as z from "zod";
import { UserError } from "../errors.js";
import { isMapping, leaf, list, mapping, number, section } from "./schema/fields.js";
import { imageChoice } from "./schema/image-choice.js";
import { tls } from "./schema/tls.js";
import { addressFrom, destinationFrom } from "./values/destination.js";
import { imageFrom, mirrorFrom } from "./values/image.js";
import {
  classNameFrom,
  deviceFrom,
  domainFrom,
  folderFrom,
  strategyFrom,
  userFrom,
} from "./values/names.js";
import { secretSourceFrom } from "./values/secret-source.js";
import { bytesFrom, daysFrom, filesFrom, idleFrom } from "./values/units.js";

const sizeOf = (what: string, example: string, least: string) =>
  leaf({ what, example }, (text) => {
    const bytes = bytesFrom(text);
    if (bytes < bytesFrom(least))
      throw new UserError(`the minimum is ${least}`, { hint: `write for example ${example}` });
    return bytes;
  });

const sshDestination = leaf(
  { what: "an OpenSSH destination", example: "debian@203.0.113.10" },
  destinationFrom,
);

const hostKeys = section(
  { what: "an OpenSSH destination", example: "debian@203.0.113.10" },
  {
    host: sshDestination,
    address: leaf(
      { what: "the IPv4 address that the other machines use", example: "10.0.0.5" },
      addressFrom,
    ).exactOptional(),
  },
);

/** A machine: a destination alone, or a mapping of host and address. */
export const host = z.preprocess(
  (value) => (typeof value === "string" ? { host: value } : value),
  hostKeys,
);

/** The name of a class. */
export const className = leaf({ what: "the name of a class", example: "geo-101" }, classNameFrom);

/** A domain name. */
export const domain = leaf({ what: "a domain name", example: "geo.example.org" }, domainFrom);

// One name, or several of which the first is shown.
const domains = z.preprocess(
  (value): unknown[] => (Array.isArray(value) ? value : [value]),
  list({ what: "a domain name, or a list of several", example: "[geo.example.org]" }, domain),
);

/** A block device. */
export const device = leaf({ what: "a block device", example: "/dev/vdb" }, deviceFrom);

/** A share of the storage for each user. */
export const quota = sizeOf("a size for each user's home", "5G", "10M");

/** The size of a file that stands in for a disk. */
export const fileSize = sizeOf("the size of a file on the root disk", "40G", "1G");

/** The quota of who names none. */
export const defaultQuota = bytesFrom("5G");

const quotas = z
  .preprocess(
    (value) => (isMapping(value) ? value : { default: value }),
    mapping({ what: "a size, or a mapping of sizes", example: "{default: 5G, staff: 50G}" }, quota),
  )
  .transform(({ default: everyone = defaultQuota, ...groups }) => ({ default: everyone, groups }));

const keptStorage = section(
  {
    what: "a mapping of device or file, and quota, or temporary",
    example: "{device: /dev/vdb, quota: 5G}",
  },
  {
    device: device.exactOptional(),
    file: fileSize.exactOptional(),
    quota: quotas.prefault({}),
    files: z
      .preprocess(
        (value) => (typeof value === "number" ? String(value) : value),
        leaf({ what: "a number of files for each user's home", example: "200k" }, filesFrom),
      )
      .default(filesFrom("200k")),
    trash: leaf({ what: "a number of days", example: "30d" }, daysFrom).default(daysFrom("30d")),
    host: host.exactOptional(),
  },
);

const storage = z.union([z.literal("temporary"), keptStorage]);

const user = leaf({ what: "a user name", example: "ada" }, userFrom);

const login = section(
  { what: "a mapping of shared-password, admins and groups", example: "{admins: [ada]}" },
  {
    "shared-password": leaf(
      { what: "from-env NAME, from-file PATH or generated", example: "from-env ROOM_PASSWORD" },
      secretSourceFrom,
      true,
    ).default({ kind: "generated" }),
    admins: list({ what: "a list of user names", example: "[ada]" }, user).default([]),
    groups: mapping(
      { what: "a mapping of groups", example: "{staff: [ada]}" },
      list({ what: "a list of user names", example: "[ada]" }, user),
    ).default({}),
  },
);

const image = leaf(
  { what: "a container image", example: "quay.io/jupyter/scipy-notebook:2026-11-02" },
  imageFrom,
);

const build = leaf(
  { what: "a folder with a Dockerfile on this machine", example: "./image" },
  folderFrom,
);

const strategy = leaf({ what: "spread or pack", example: "spread" }, strategyFrom);

/** The memory of one user's server. */
export const memory = sizeOf("a size of memory", "1G", "64M");

/** The memory of who names none. */
export const defaultMemory = bytesFrom("1G");

const cpu = number({ what: "a number of cores", example: "1 or 0.5" }, 0.01, 1024);

const servers = section(
  {
    what: "a mapping of image, build, strategy, memory, guarantee, cpu, idle and skeleton",
    example: "{memory: 1G, cpu: 1}",
  },
  {
    image: image.default("quay.io/jupyter/scipy-notebook:2026-11-02"),
    images: list(
      { what: "a list of images to choose from", example: "[{name: R, image: …}]" },
      imageChoice({ image, build, memory, cpu }),
    ).default([]),
    build: build.exactOptional(),
    strategy: strategy.default("spread"),
    memory: memory.default(defaultMemory),
    guarantee: memory.exactOptional(),
    cpu: cpu.default(1),
    idle: leaf({ what: "a time without use", example: "2h" }, idleFrom).exactOptional(),
    skeleton: leaf(
      { what: "a folder on this machine", example: "./first-files" },
      folderFrom,
    ).exactOptional(),
  },
);

const engine = section(
  {
    what: "a mapping of registry-mirrors",
    example: "{registry-mirrors: [https://mirror.example.org]}",
  },
  {
    "registry-mirrors": list(
      { what: "a list of addresses", example: "[https://mirror.example.org]" },
      leaf(
        { what: "a registry mirror's address", example: "https://mirror.example.org" },
        mirrorFrom,
      ),
    ).default([]),
  },
);

/** All of swarmhub.yaml, key by key; what concerns several keys is in cross.ts. */
export const schema = section(
  { what: "a mapping of name, manager, storage …", example: "name: geo-101" },
  {
    name: className,
    domain: domains.exactOptional(),
    manager: host,
    workers: list({ what: "a list of machines", example: "[debian@203.0.113.11]" }, host).default(
      [],
    ),
    storage,
    tls: tls.default("self-signed"),
    login: login.prefault({}),
    servers: servers.prefault({}),
    engine: engine.prefault({}),
  },
);

/** swarmhub.yaml as the schema leaves it. */
export type Settings = z.output<typeof schema>;
