import { defaultQuota, fileSize, host } from "../schema.js";
import { isMapping, valueAt } from "../schema/fields.js";
import { defaultMemory, memory, quota } from "../schema/sizes.js";
import { machineOf } from "../values/destination.js";
import { bytesText } from "../values/units.js";
import { type Finding, type Path, pathText } from "../yaml/complaints.js";
import { campusFindings } from "./campus.js";
import { groupFindings, groupPaths } from "./groups.js";
import { proxyFindings } from "../schema/proxy.js";
import { registryFindings } from "../schema/registries.js";
import { imageFindings } from "./images.js";
import { loginFindings } from "./login.js";
import { rosterFindings } from "./roster.js";
import { serverFindings } from "./servers.js";
import { mayPaths, serviceFindings } from "../schema/services.js";
import { tlsFindings } from "./tls.js";
import { warmFindings } from "./warm.js";

/** Complaints between keys. They read the file before the schema, so that an error in another key hides none of them. */
export const ruleFindings = (raw: unknown): Finding[] => [
  ...repeatedMachines(machines(raw)),
  ...backing(valueAt(raw, ["storage"])),
  ...skeletonWithoutStorage(raw),
  ...sharedWithoutStorage(raw),
  ...contentWithoutStorage(raw),
  ...imageFindings(raw),
  ...excessiveGuarantee(raw),
  ...groupFindings(raw),
  ...rosterFindings(raw),
  ...serverFindings(raw),
  ...registryFindings(raw),
  ...proxyFindings(raw),
  ...tlsFindings(raw),
  ...loginFindings(raw),
  ...campusFindings(raw),
  ...warmFindings(raw),
  ...serviceFindings(raw),
  ...emptyDomains(raw),
  ...[...lists, ...groupPaths(raw), ...mayPaths(raw)].flatMap((path) => repeatedItems(raw, path)),
];

const lists: Path[] = [
  ["domain"],
  ["login", "admins"],
  ["login", "teachers"],
  ["engine", "registry-mirrors"],
  ["proxy", "except"],
  ["tls", "off", "trusted-proxies"],
];

const emptyDomains = (raw: unknown): Finding[] => {
  const domain = valueAt(raw, ["domain"]);
  return Array.isArray(domain) && domain.length === 0
    ? [
        {
          path: ["domain"],
          text: "is an empty list; write a domain name into it or delete the line",
        },
      ]
    : [];
};

type Machine = { path: Path; destination: string; address?: string };

const machines = (raw: unknown): Machine[] => {
  const workers = valueAt(raw, ["workers"]);
  const places: { path: Path; value: unknown }[] = [
    { path: ["manager"], value: valueAt(raw, ["manager"]) },
    ...(Array.isArray(workers) ? workers : []).map((value: unknown, index) => ({
      path: ["workers", index],
      value,
    })),
    { path: ["storage", "host"], value: valueAt(raw, ["storage", "host"]) },
  ];
  return places.flatMap(({ path, value }) => {
    const { data } = host.safeParse(value);
    if (data === undefined) return [];
    const { host: destination, ...rest } = data;
    return [{ path, destination, ...rest }];
  });
};

const repeatedMachines = (all: readonly Machine[]): Finding[] => {
  const destinations = new Map<string, Machine>();
  const addresses = new Map<string, Machine>();
  return all.flatMap((machine) => {
    const same = earlierWith(destinations, machineOf(machine.destination), machine);
    if (same !== undefined) return [{ path: machine.path, text: sameMachineText(machine, same) }];
    const { address, path } = machine;
    const other = address === undefined ? undefined : earlierWith(addresses, address, machine);
    if (other === undefined) return [];
    const text = `is ${address}, which is also the address of ${pathText(other.path)}; write each machine's own address`;
    return [{ path: [...path, "address"], text }];
  });
};

const earlierWith = (seen: Map<string, Machine>, key: string, machine: Machine) => {
  const earlier = seen.get(key);
  if (earlier === undefined) seen.set(key, machine);
  return earlier;
};

const sameMachineText = ({ path, destination }: Machine, other: Machine): string => {
  const same = `is ${destination}, the same machine as ${pathText(other.path)}`;
  if (path[0] === "storage" && other.path[0] === "manager")
    return `${same}, which has the homes by default; delete storage.host`;
  if (path[0] === "storage")
    return `${same}, but storage.host is a server outside the Swarm; delete it to use the manager`;
  if (other.path[0] === "manager")
    return `${same}; delete it here (without workers the manager runs the users' servers)`;
  return `${same}; delete one of the two`;
};

const backing = (storage: unknown): Finding[] => {
  if (!isMapping(storage)) return [];
  const [device, file] = [storage["device"] ?? undefined, storage["file"] ?? undefined];
  if (device !== undefined && file !== undefined)
    return [
      {
        path: ["storage", "file"],
        text: `conflicts with "device": the homes are on one of the two; delete one`,
      },
    ];
  return largeQuotas(storage);
};

/** First files are copied from the storage, which temporary homes do not have. */
const skeletonWithoutStorage = (raw: unknown): Finding[] =>
  valueAt(raw, ["storage"]) === "temporary" &&
  typeof valueAt(raw, ["servers", "skeleton"]) === "string"
    ? [
        {
          path: ["servers", "skeleton"],
          text: "needs persistent homes, but storage is temporary; put the files into the image",
        },
      ]
    : [];

const sharedWithoutStorage = (raw: unknown): Finding[] =>
  valueAt(raw, ["storage"]) === "temporary" && valueAt(raw, ["servers", "shared"]) !== undefined
    ? [
        {
          path: ["servers", "shared"],
          text: "needs persistent homes, but storage is temporary; delete the line, or give `storage` a device or a file",
        },
      ]
    : [];

const contentWithoutStorage = (raw: unknown): Finding[] =>
  valueAt(raw, ["storage"]) === "temporary" && valueAt(raw, ["servers", "content"])
    ? [
        {
          path: ["servers", "content"],
          text: "needs persistent homes, but storage is temporary; put the files into the image",
        },
      ]
    : [];

const excessiveGuarantee = (raw: unknown): Finding[] => {
  const value = valueAt(raw, ["servers", "memory"]) ?? undefined;
  const limit = value === undefined ? defaultMemory : memory.safeParse(value).data;
  const guarantee = memory.safeParse(valueAt(raw, ["servers", "guarantee"])).data;
  if (limit === undefined || guarantee === undefined || guarantee <= limit) return [];
  const memoryText = `${value === undefined ? "default memory" : "memory"} of ${bytesText(limit)}`;
  const text = `is ${bytesText(guarantee)}, more than the ${memoryText} of a server; write a smaller guarantee or a larger memory`;
  return [{ path: ["servers", "guarantee"], text }];
};

/** Quotas larger than the file that holds all homes. */
const largeQuotas = (storage: Record<string, unknown>): Finding[] => {
  const size = fileSize.safeParse(storage["file"]).data;
  if (size === undefined) return [];
  const value = storage["quota"] ?? undefined;
  const quotas: [Path, unknown][] = isMapping(value)
    ? Object.entries(value).map(([name, each]) => [["storage", "quota", name], each])
    : [[["storage", "quota"], value]];
  const findings = quotas.flatMap(([path, each]): Finding[] => {
    const bytes = quota.safeParse(each).data ?? 0;
    return bytes > size ? [{ path, text: misfit(`a quota of ${bytesText(bytes)}`, size) }] : [];
  });
  const isDefault = value === undefined || (isMapping(value) && !("default" in value));
  if (!isDefault || defaultQuota <= size) return findings;
  const quotaText = `the default quota of ${bytesText(defaultQuota)}`;
  return [{ path: ["storage", "file"], text: misfit(quotaText, size) }, ...findings];
};

const misfit = (quotaText: string, size: number): string =>
  `does not fit: ${quotaText} is larger than the whole file of ${bytesText(size)}; write a smaller quota or a larger file`;

const repeatedItems = (raw: unknown, path: Path): Finding[] => {
  const items = valueAt(raw, path);
  if (!Array.isArray(items)) return [];
  const seen = new Set<unknown>();
  const text = "repeats an earlier item; delete one of the two";
  return items.flatMap((item: unknown, index) => {
    if (typeof item === "string" && seen.has(item)) return [{ path: [...path, index], text }];
    seen.add(item);
    return [];
  });
};
