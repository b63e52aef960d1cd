import * as z from "zod";
import { flag, isMapping, leaf, list, mapping, mappingOf, section } from "./schema/fields.js";
import { login } from "./schema/login.js";
import { proxy } from "./schema/proxy.js";
import { registries } from "./schema/registries.js";
import { servers } from "./schema/servers.js";
import { quota } from "./schema/sizes.js";
import { ssh } from "./schema/ssh.js";
import { swarm } from "./schema/swarm.js";
import { tls } from "./schema/tls.js";
import { addressFrom, destinationFrom } from "./values/destination.js";
import { mirrorFrom, repositoryFrom } from "./values/image.js";
import { classNameFrom, deviceFrom, domainFrom } from "./values/names.js";
import { poolFrom } from "./values/pool.js";
import { bytesFrom, daysFrom, filesFrom, sizeFrom } from "./values/units.js";

/** A machine: a destination alone, or a mapping of host and address. */
export const host = z.preprocess(
  (value) => (typeof value === "string" ? { host: value } : value),
  section(
    { host: leaf(destinationFrom), address: leaf(addressFrom).exactOptional() },
    "debian@203.0.113.10",
    destinationFrom.what,
  ),
);

/** The name of a class. */
export const className = leaf(classNameFrom);

/** A domain name. */
export const domain = leaf(domainFrom);

// One name, several of which the first is shown, or a mapping of one name.
const domains = z.preprocess(
  (value): unknown =>
    isMapping(value)
      ? { ...value, name: [value["name"] ?? undefined] }
      : { name: Array.isArray(value) ? value : [value] },
  section(
    {
      name: list({ what: "a domain name", example: "geo.example.org" }, domain),
      subdomains: flag.default(false),
    },
    "{name: geo.example.org, subdomains: true}",
  ),
);

/** A block device. */
export const device = leaf(deviceFrom);

/** The size of a file on the root disk that holds the homes. */
export const fileSize = leaf(sizeFrom("40G", "1G"));

/** The quota of users for whom the file has none. */
export const defaultQuota = bytesFrom("5G");

const quotas = z
  .preprocess(
    (value) => (isMapping(value) ? value : { default: value }),
    mapping({ what: "a size or a mapping of sizes", example: "{default: 5G, staff: 50G}" }, quota),
  )
  .transform(({ default: everyone = defaultQuota, ...groups }) => ({ default: everyone, groups }));

const persistentStorage = {
  device: device.exactOptional(),
  file: fileSize.exactOptional(),
  quota: quotas.prefault({}),
  files: z
    .preprocess((value) => (typeof value === "number" ? String(value) : value), leaf(filesFrom))
    .default(filesFrom("200k")),
  trash: leaf(daysFrom).default(daysFrom("30d")),
  host: host.exactOptional(),
  share: flag.default(false),
};

const storage = z.union([
  z.literal("temporary"),
  section(
    persistentStorage,
    "{device: /dev/vdb, quota: 5G}",
    `temporary, or ${mappingOf(persistentStorage)}`,
  ),
]);

const engine = section(
  {
    "registry-mirrors": list(
      { what: "a list of addresses", example: "[https://mirror.example.org]" },
      leaf(mirrorFrom),
    ).default([]),
    "own-images": leaf(repositoryFrom).exactOptional(),
    "address-pool": leaf(poolFrom).exactOptional(),
  },
  "{registry-mirrors: [https://mirror.example.org]}",
);

/** All keys of swarmhub.yaml; the rules between keys are in rules/. */
export const schema = section(
  {
    name: className,
    domain: domains.exactOptional(),
    "public-address": leaf(addressFrom).exactOptional(),
    manager: host,
    workers: list({ what: "a list of machines", example: "[debian@203.0.113.11]" }, host).default(
      [],
    ),
    storage,
    tls: tls.default("self-signed"),
    login: login.prefault({}),
    servers: servers.prefault({}),
    registries: registries.default({}),
    proxy: proxy.exactOptional(),
    ssh: ssh.prefault("built-in"),
    swarm: swarm.prefault({}),
    engine: engine.prefault({}),
  },
  "name: geo-101",
);

/** swarmhub.yaml after the schema. */
export type Settings = z.output<typeof schema>;
