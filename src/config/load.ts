import type { Place } from "../errors.js";
import { dirname, resolve } from "node:path";
import { configuredImages } from "./rules/images.js";
import { crossFindings } from "./rules/index.js";
import { type Settings, schema } from "./schema.js";
import { isMapping, valueAt } from "./schema/fields.js";
import { tlsOf } from "./schema/tls.js";
import { unknownKey } from "./schema/unknown-keys.js";
import type { Backing, Bytes, Config, HostConfig, StorageConfig } from "./types.js";
import { besideFile } from "./values/secret-source.js";
import {
  type Complaint,
  type Finding,
  type Path,
  complaintsError,
  pathText,
} from "./yaml/complaints.js";
import { readDocument } from "./yaml/parse.js";
import { readText } from "./yaml/read-file.js";

/** Reads and checks a swarmhub.yaml; throws a UserError (usage) with every complaint in it. */
export const loadConfig = async (path: string): Promise<Config> =>
  configFrom(await readText(path), path);

/** The same for a text that is, or will be, the file at `path`. */
export const configFrom = (text: string, path: string): Config => {
  const { raw, complaints, place } = readDocument(text);
  if (raw === undefined) throw complaintsError(path, complaints);
  if (!isMapping(raw)) throw complaintsError(path, [noMapping(raw)]);
  const checked = schema.safeParse(raw, { reportInput: true });
  const findings = [
    ...(checked.error?.issues ?? []).flatMap(issueFindings(raw)),
    ...crossFindings(raw).map(named(raw)),
  ];
  const all = [
    ...complaints,
    ...findings.map(({ path: key, text: said, atKey }) => ({ ...place(key, atKey), text: said })),
  ];
  if (all.length > 0 || checked.data === undefined) throw complaintsError(path, all);
  const placeOf = (key: Path): Place => ({ file: path, ...place(key) });
  return configOf(checked.data, dirname(resolve(path)), placeOf);
};

const noMapping = (raw: unknown): Complaint => ({
  line: 1,
  column: 1,
  text:
    raw === null
      ? "there is nothing in this file, but a class needs a name, a manager and storage; type `swarmhub init` to write one"
      : "this is no mapping, but the file is made of lines `key: value`; write for example name: geo-101",
});

type Issue = NonNullable<ReturnType<typeof schema.safeParse>["error"]>["issues"][number];

const issueFindings =
  (raw: unknown) =>
  (issue: Issue): Finding[] => {
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => unknownKey(issue.path, key));
    if (issue.code !== "invalid_union")
      return [named(raw)({ path: issue.path, text: issue.message })];
    // Of a word or a mapping: what is wrong with it as a mapping, which is the last of the two.
    const { path } = issue;
    return (issue.errors.at(-1) ?? [])
      .map((each): Issue => ({ ...each, path: [...path, ...each.path] }))
      .flatMap(issueFindings(raw));
  };

const named =
  (raw: unknown) =>
  ({ path, text, ...place }: Finding): Finding => ({
    ...place,
    path,
    text: `${pathText(written(raw, path))} ${text}`,
  });

// The schema reads `manager: X` as `manager: {host: X}`, `domain: X` as `domain: [X]`; a complaint speaks of what stands in the file.
const written = (raw: unknown, path: Path): Path => {
  const parent = path.slice(0, -1);
  const held = valueAt(raw, parent);
  const isItem = Array.isArray(held) && typeof path.at(-1) === "number";
  const isHeld = held === undefined || isMapping(held) || isItem;
  return isHeld ? path : parent;
};

const configOf = (settings: Settings, folder: string, placeOf: (key: Path) => Place): Config => {
  const { name, domain, manager, workers, storage, tls, login, servers, engine } = settings;
  return {
    name,
    ...(domain?.[0] !== undefined && { domain: domain[0] }),
    otherNames: domain?.slice(1) ?? [],
    manager: hostOf(manager),
    workers: workers.map(hostOf),
    storage: storageOf(storage),
    tls: tlsOf(tls, folder),
    login: {
      sharedPassword: besideFile(login["shared-password"], folder),
      admins: login.admins,
      groups: login.groups,
    },
    servers: {
      ...configuredImages(servers, folder, placeOf),
      strategy: servers.strategy,
      memory: servers.memory,
      ...(servers.guarantee !== undefined && { guarantee: servers.guarantee }),
      cpu: servers.cpu,
      ...(servers.idle !== undefined && { idle: servers.idle }),
      ...(servers.skeleton !== undefined && { skeleton: resolve(folder, servers.skeleton) }),
    },
    engine: { registryMirrors: engine["registry-mirrors"] },
  };
};

const hostOf = ({ host, address }: Settings["manager"]): HostConfig => ({
  destination: host,
  ...(address !== undefined && { address }),
});

const storageOf = (storage: Settings["storage"]): StorageConfig => {
  if (storage === "temporary") return { kind: "temporary" };
  const { host, device, file, quota, files, trash } = storage;
  return {
    kind: "persistent",
    ...(host !== undefined && { host: hostOf(host) }),
    backing: backingOf(device, file),
    quota,
    files,
    trashDays: trash,
  };
};

const backingOf = (device: string | undefined, file: Bytes | undefined): Backing => {
  if (device !== undefined) return { kind: "device", path: device };
  return file === undefined ? { kind: "unnamed" } : { kind: "file", size: file };
};
