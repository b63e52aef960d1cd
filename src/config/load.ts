import type { Place } from "../errors.js";
import { dirname, resolve } from "node:path";
import { configuredImages } from "./rules/images.js";
import { ruleFindings } from "./rules/index.js";
import { type Settings, schema } from "./schema.js";
import { isMapping, valueAt } from "./schema/fields.js";
import { groupQuotasOf } from "./schema/groups.js";
import { loginOf } from "./schema/login.js";
import { proxyOf } from "./schema/proxy.js";
import { registriesOf } from "./schema/registries.js";
import { equipmentOf } from "./schema/servers.js";
import { tlsOf } from "./schema/tls.js";
import { warmOf } from "./schema/warm.js";
import { unknownKey } from "./schema/unknown-keys.js";
import type { Backing, Bytes, Config, HostConfig, StorageConfig } from "./types.js";
import { repositoryFrom } from "./values/image.js";
import {
  type Complaint,
  type Finding,
  type Path,
  complaintsError,
  pathText,
} from "./yaml/complaints.js";
import { parseFile } from "./yaml/parse.js";
import { readText } from "./yaml/read-file.js";

/**
 * Reads and checks a swarmhub.yaml. Throws a UserError (usage) with all complaints. `published` is where a packaged release
 * has our own images; the configuration's own key counts before it.
 */
export const loadConfig = async (
  path: string,
  published = process.env["SWARMHUB_IMAGES"] ?? "",
): Promise<Config> => {
  const config = configFrom(await readText(path), path);
  if (published === "" || config.engine.ownImages !== undefined) return config;
  return { ...config, engine: { ...config.engine, ownImages: repositoryFrom(published) } };
};

/** Checks a text that is, or will be, the file at `path`. Throws a UserError (usage) with all complaints. */
export const configFrom = (text: string, path: string): Config => {
  const { raw, complaints, place } = parseFile(text);
  if (raw === undefined) throw complaintsError(path, complaints);
  if (!isMapping(raw)) throw complaintsError(path, [notMapping(raw)]);
  const checked = schema.safeParse(raw, { reportInput: true });
  const findings = [
    ...(checked.error?.issues ?? []).flatMap(issueFindings(raw)),
    ...ruleFindings(raw).map(named(raw)),
  ];
  const all = [
    ...complaints,
    ...findings.map(({ path: key, text: complaint, atKey }) => ({
      ...place(key, atKey),
      text: complaint,
    })),
  ];
  if (all.length > 0 || checked.data === undefined) throw complaintsError(path, all);
  const placeOf = (key: Path): Place => ({ file: path, ...place(key) });
  return configOf(checked.data, dirname(resolve(path)), placeOf);
};

const notMapping = (raw: unknown): Complaint => ({
  line: 1,
  column: 1,
  text:
    raw === null
      ? "the file is empty, but a class needs name, manager and storage; type `swarmhub init` to write a file"
      : "the file is not a mapping: expected lines such as name: geo-101",
});

type Issue = NonNullable<ReturnType<typeof schema.safeParse>["error"]>["issues"][number];

const issueFindings =
  (raw: unknown) =>
  (issue: Issue): Finding[] => {
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => unknownKey(issue.path, key));
    if (issue.code !== "invalid_union")
      return [named(raw)({ path: issue.path, text: issue.message })];
    // A union is of words and a mapping; the complaint is about the mapping, which is the last of them.
    const { path } = issue;
    return (issue.errors.at(-1) ?? [])
      .map((each): Issue => ({ ...each, path: [...path, ...each.path] }))
      .flatMap(issueFindings(raw));
  };

const named =
  (raw: unknown) =>
  ({ path: schemaPath, text, ...place }: Finding): Finding => {
    const path = pathInFile(raw, schemaPath);
    return { ...place, path, text: `${pathText(path)} ${text}` };
  };

// The schema reads `manager: X` as `manager: {host: X}`, `domain: X` as `domain: {name: [X]}`; a complaint uses the path that is in
// the file.
const pathInFile = (raw: unknown, path: Path): Path => {
  if (path.length === 3 && path[0] === "domain") return domainPathInFile(raw, path);
  if (isSingleWarmStart(raw, path)) return [...path.slice(0, 2), ...path.slice(3)];
  if (isBareGroup(raw, path)) return [...path.slice(0, 3), ...path.slice(4)];
  const parent = path.slice(0, -1);
  const container = valueAt(raw, parent);
  const isContainer =
    typeof path.at(-1) === "number" ? Array.isArray(container) : isMapping(container);
  return container === undefined || isContainer ? path : parent;
};

/** `servers.warm` may be one mapping, which the schema reads as a list of it. */
const isSingleWarmStart = (raw: unknown, path: Path): boolean =>
  path[0] === "servers" &&
  path[1] === "warm" &&
  path[2] === 0 &&
  !Array.isArray(valueAt(raw, path.slice(0, 2)));

/** A group may be a list, which the schema reads as `{members: …}`. */
const isBareGroup = (raw: unknown, path: Path): boolean =>
  path[0] === "login" &&
  path[1] === "groups" &&
  path[3] === "members" &&
  Array.isArray(valueAt(raw, path.slice(0, 3)));

/** `domain` is a name, a list of names, or a mapping with a name. */
const domainPathInFile = (raw: unknown, [key = "", name = "", index = 0]: Path): Path => {
  const domain = valueAt(raw, ["domain"]);
  if (isMapping(domain)) return [key, name];
  return Array.isArray(domain) ? [key, index] : [key];
};

const configOf = (settings: Settings, folder: string, placeOf: (key: Path) => Place): Config => {
  const { name, domain, manager, workers, storage, tls, login, servers, engine } = settings;
  const { "public-address": publicAddress } = settings;
  return {
    name,
    ...(domain?.name[0] !== undefined && { domain: domain.name[0] }),
    otherNames: domain?.name.slice(1) ?? [],
    subdomains: domain?.subdomains ?? false,
    ...(publicAddress !== undefined && { publicAddress }),
    manager: hostOf(manager),
    workers: workers.map(hostOf),
    storage: storageOf(storage, groupQuotasOf(login.groups), servers.shared),
    tls: tlsOf(tls, folder),
    login: loginOf(login, folder),
    servers: {
      ...configuredImages(servers, folder, placeOf),
      strategy: servers.strategy,
      memory: servers.memory,
      ...(servers.guarantee !== undefined && { guarantee: servers.guarantee }),
      cpu: servers.cpu,
      ...(servers.processes !== undefined && { processes: servers.processes }),
      ...(servers.gpus !== undefined && { gpus: servers.gpus }),
      ...(servers.scratch !== "off" && { scratch: servers.scratch }),
      network: servers.network,
      ...(servers.idle !== undefined && { idle: servers.idle }),
      ...(servers.warm !== undefined && { warm: warmOf(servers.warm, servers["time-zone"]) }),
      ...(servers.skeleton !== undefined && { skeleton: resolve(folder, servers.skeleton) }),
      ...equipmentOf(servers, folder),
    },
    registries: registriesOf(settings.registries, folder),
    ...(settings.proxy !== undefined && { proxy: proxyOf(settings.proxy, folder) }),
    usesSystemSsh: settings.ssh === "system",
    swarm: settings.swarm,
    engine: {
      registryMirrors: engine["registry-mirrors"],
      ...(engine["own-images"] !== undefined && { ownImages: engine["own-images"] }),
      ...(engine["address-pool"] !== undefined && { addressPool: engine["address-pool"] }),
    },
  };
};

const hostOf = ({ host, address }: Settings["manager"]): HostConfig => ({
  destination: host,
  ...(address !== undefined && { address }),
});

const storageOf = (
  storage: Settings["storage"],
  groupQuotas: Record<string, Bytes>,
  shared: Bytes | undefined,
): StorageConfig => {
  if (storage === "temporary") return { kind: "temporary" };
  const { host, device, file, quota, files, trash, share } = storage;
  return {
    kind: "persistent",
    ...(host !== undefined && { host: hostOf(host) }),
    backing: backingOf(device, file),
    quota: { ...quota, groups: { ...quota.groups, ...groupQuotas } },
    files,
    ...(shared !== undefined && { shared }),
    trashDays: trash,
    ...(share && { share }),
  };
};

const backingOf = (device: string | undefined, file: Bytes | undefined): Backing => {
  if (device !== undefined) return { kind: "device", path: device };
  return file === undefined ? { kind: "unnamed" } : { kind: "file", size: file };
};
