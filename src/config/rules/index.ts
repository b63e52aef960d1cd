import { defaultMemory, defaultQuota, fileSize, host, memory, quota } from "../schema.js";
import { isMapping, valueAt } from "../schema/fields.js";
import { machineOf } from "../values/destination.js";
import { bytesText } from "../values/units.js";
import { type Finding, type Path, pathText } from "../yaml/complaints.js";
import { groupFindings, groupPaths } from "./groups.js";
import { imageFindings } from "./images.js";
import { tlsFindings } from "./tls.js";

/** What is wrong between keys. It looks at the file as it stands, so that another key's error hides nothing. */
export const crossFindings = (raw: unknown): Finding[] => {
  const storage = valueAt(raw, ["storage"]);
  return [
    ...sameMachines(machines(raw)),
    ...backing(storage),
    ...skeletonOfNothing(raw),
    ...imageFindings(raw),
    ...guaranteedTooMuch(raw),
    ...groupFindings(raw),
    ...tlsFindings(raw),
    ...noNames(raw),
    ...[...lists, ...groupPaths(raw)].flatMap((path) => repeated(raw, path)),
  ];
};

const lists: Path[] = [
  ["domain"],
  ["login", "admins"],
  ["engine", "registry-mirrors"],
  ["tls", "off", "trusted-proxies"],
];

const noNames = (raw: unknown): Finding[] => {
  const domain = valueAt(raw, ["domain"]);
  return Array.isArray(domain) && domain.length === 0
    ? [{ path: ["domain"], text: "is an empty list; write a name into it, or delete the line" }]
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

const sameMachines = (all: readonly Machine[]): Finding[] => {
  const destinations = new Map<string, Machine>();
  const addresses = new Map<string, Machine>();
  return all.flatMap((machine) => {
    const twin = firstWith(destinations, machineOf(machine.destination), machine);
    if (twin !== undefined) return [{ path: machine.path, text: twinText(machine, twin) }];
    const { address, path } = machine;
    const other = address === undefined ? undefined : firstWith(addresses, address, machine);
    if (other === undefined) return [];
    const text = `is ${address}, which is the address of ${pathText(other.path)} too, but no two machines share one; write each one's own`;
    return [{ path: [...path, "address"], text }];
  });
};

const firstWith = (seen: Map<string, Machine>, key: string, machine: Machine) => {
  const found = seen.get(key);
  if (found === undefined) seen.set(key, machine);
  return found;
};

const twinText = ({ path, destination }: Machine, twin: Machine): string => {
  const same = `is ${destination}, the same machine as ${pathText(twin.path)}`;
  if (path[0] === "storage" && twin.path[0] === "manager")
    return `${same}, where the homes are anyway; leave storage.host away`;
  if (path[0] === "storage")
    return `${same}, but storage.host is a server outside the Swarm; leave it away to use the manager`;
  if (twin.path[0] === "manager")
    return `${same}, which is no worker; leave it away (with no workers at all the manager takes the users)`;
  return `${same}, but each machine is named once; delete one of the two`;
};

const backing = (storage: unknown): Finding[] => {
  if (!isMapping(storage)) return [];
  const [device, file] = [storage["device"] ?? undefined, storage["file"] ?? undefined];
  if (device !== undefined && file !== undefined)
    return [
      {
        path: ["storage", "file"],
        text: "stands beside device, but the homes lie on one of the two; delete one",
      },
    ];
  return tooLarge(storage);
};

/** First files are copied from the storage, and temporary homes have none. */
const skeletonOfNothing = (raw: unknown): Finding[] =>
  valueAt(raw, ["storage"]) === "temporary" &&
  typeof valueAt(raw, ["servers", "skeleton"]) === "string"
    ? [
        {
          path: ["servers", "skeleton"],
          text: "is copied into homes that are kept, but storage is temporary; put the files into the image",
        },
      ]
    : [];

const guaranteedTooMuch = (raw: unknown): Finding[] => {
  const given = valueAt(raw, ["servers", "memory"]) ?? undefined;
  const limit = given === undefined ? defaultMemory : memory.safeParse(given).data;
  const guarantee = memory.safeParse(valueAt(raw, ["servers", "guarantee"])).data;
  if (limit === undefined || guarantee === undefined || guarantee <= limit) return [];
  const whose = `${given === undefined ? "default memory" : "memory"} of ${bytesText(limit)}`;
  const text = `is ${bytesText(guarantee)}, more than the ${whose} that a server may use; write a smaller guarantee or a larger memory`;
  return [{ path: ["servers", "guarantee"], text }];
};

/** Shares that are more than the whole file. */
const tooLarge = (storage: Record<string, unknown>): Finding[] => {
  const size = fileSize.safeParse(storage["file"]).data;
  if (size === undefined) return [];
  const given = storage["quota"] ?? undefined;
  const shares: [Path, unknown][] = isMapping(given)
    ? Object.entries(given).map(([name, share]) => [["storage", "quota", name], share])
    : [[["storage", "quota"], given]];
  const named = shares.flatMap(([path, share]): Finding[] => {
    const bytes = quota.safeParse(share).data ?? 0;
    return bytes > size ? [{ path, text: misfit(`a quota of ${bytesText(bytes)}`, size) }] : [];
  });
  const isDefault = given === undefined || (isMapping(given) && !("default" in given));
  if (!isDefault || defaultQuota <= size) return named;
  const whose = `the default quota of ${bytesText(defaultQuota)}`;
  return [{ path: ["storage", "file"], text: misfit(whose, size) }, ...named];
};

const misfit = (whose: string, size: number): string =>
  `does not fit: ${whose} is more than the whole file of ${bytesText(size)}; write a smaller quota or a larger file`;

const repeated = (raw: unknown, path: Path): Finding[] => {
  const items = valueAt(raw, path);
  if (!Array.isArray(items)) return [];
  const seen = new Set<unknown>();
  const text = "is there already, and once is enough; delete one of the two";
  return items.flatMap((item: unknown, index) => {
    if (typeof item === "string" && seen.has(item)) return [{ path: [...path, index], text }];
    seen.add(item);
    return [];
  });
};
