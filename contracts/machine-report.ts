/** A file system that Docker writes to; "free" is what is left for everybody but root. `files` is 0 where they are not limited. */
type DiskSpace = {
  path: string;
  bytes: number;
  freeBytes: number;
  files: number;
  freeFiles: number;
};

/**
 * What a user's containers have written outside the home: its bytes, or the number of its files where the disk is short of those.
 * Both are null if there are so many files that they were not counted in time.
 */
export type WrittenLayer = { user: string; bytes: number | null; files: number | null };

/**
 * A user's server that was ended because the disk was full: when (seconds since 1970), its container, and what it had written
 * outside the home: bytes, or files where the disk was short of those.
 */
export type EndedServer = {
  at: number;
  user: string;
  container: string;
  bytes: number | null;
  files: number | null;
};

/** A container; times and counts since its start. Memory is without the page cache, null is no limit. */
type ContainerReport = {
  id: string;
  memory: number;
  memoryLimit: number | null;
  /** How many processes the memory limit has ended. */
  oomKills: number;
  processes: number;
  cpuMicroseconds: number;
  /** The periods in which it wanted CPU, and those in which its limit held it back. */
  periods: number;
  throttledPeriods: number;
};

/**
 * The line that `monitor/report.pl` writes every 5 s on each machine, at most 64 kB. On the manager the newest line of each
 * machine is the file `ADDRESS.json`, which the hub reads. A machine that a user has broken out to may write anything.
 */
export type MachineReport = {
  /** Seconds since the machine's start: the difference of two reports is the time between them. */
  uptime: number;
  disks: DiskSpace[];
  memory: { bytes: number; availableBytes: number };
  cpu: { cores: number; busyMicroseconds: number };
  /** The processes that run or wait, as an average of one minute. */
  load: number;
  /** The 200 that use most memory. */
  containers: ContainerReport[];
  /** The three largest, while a disk is over 80 % full; `monitor/layers.pl` measures them. */
  largestLayers: WrittenLayer[];
  /** The ten that were ended last since the machine's start, the newest first. */
  endedServers: EndedServer[];
};

/** The age after which a report is no news any more, in seconds: three lines are missing. */
export const reportStaleAfter = 15;

/**
 * A machine with less than this free gets no new servers. A server needs some 100 MB and 1,000 files for its caches, and Docker
 * and the system need room too. No share of the disk: 5 % are 600 MB of a small one and 100 GB of a large one.
 */
export const nearlyFull = { bytes: 2 ** 30, files: 10_000 };

/** Parses the largest layers that `monitor/layers.pl` writes; none where it is not that. */
export const largestLayersIn = (text: string | undefined): WrittenLayer[] =>
  itemsIn(text, 3).flatMap(layerIn);

/** Parses the ended servers that `monitor/layers.pl` writes; none where it is not that. */
export const endedServersIn = (text: string | undefined): EndedServer[] =>
  itemsIn(text, 10).flatMap((value) => {
    const { at, container } = (value ?? {}) as Partial<Record<keyof EndedServer, unknown>>;
    if (typeof at !== "number" || !Number.isSafeInteger(at) || at < 0 || at > 1e11) return [];
    if (typeof container !== "string" || !/^[0-9a-f]{64}$/.test(container)) return [];
    return layerIn(value).map((layer) => ({ ...layer, at, container }));
  });

const itemsIn = (text: string | undefined, most: number): unknown[] => {
  try {
    const value: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(value) ? (value as unknown[]).slice(0, most) : [];
  } catch {
    return [];
  }
};

const layerIn = (value: unknown): WrittenLayer[] => {
  const { user, bytes, files } = (value ?? {}) as Partial<Record<keyof WrittenLayer, unknown>>;
  if (typeof user !== "string" || !/^[a-z0-9-]{1,63}$/.test(user)) return [];
  return isAmount(bytes) && isAmount(files) ? [{ user, bytes, files }] : [];
};

const isAmount = (value: unknown): value is number | null =>
  value === null || (typeof value === "number" && value >= 0);
