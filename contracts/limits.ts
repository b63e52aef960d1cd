/** What `quota set` said of one home. */
export type OwnLimits = { bytes?: number; files?: number };

/** `limits.json`, which `swarmhub up` writes: everyone's limits, and those of homes by groups. */
export type Limits = {
  bytes: number;
  files: number;
  homes: Record<string, OwnLimits>;
  trashDays: number;
};

/** What a home should have, and who says so of its bytes. */
export type Wanted = { bytes: number; files: number; from: "quota set" | "group" | "default" };

/** The limits of a home: first what `quota set` said, then its owner's group, then everyone's. */
export const wantedFor = (
  limits: Limits,
  { name, own }: { name: string; own: OwnLimits | "unreadable" | undefined },
): Wanted => {
  const set = own === "unreadable" ? {} : own;
  const group = Object.hasOwn(limits.homes, name) ? limits.homes[name] : undefined;
  return {
    bytes: set?.bytes ?? group?.bytes ?? limits.bytes,
    files: set?.files ?? group?.files ?? limits.files,
    from: set?.bytes !== undefined ? "quota set" : group?.bytes !== undefined ? "group" : "default",
  };
};

/** Reads `limits.json`; undefined where it is missing or cannot be read. */
export const limitsFrom = (text: string): Limits | undefined => {
  const found = parsed(text);
  if (found === undefined) return undefined;
  const { bytes, files, homes, trashDays = 30 } = found;
  if (!isCount(bytes) || !isCount(files) || !isCount(trashDays)) return undefined;
  const entries = Object.entries((homes ?? {}) as Record<string, unknown>);
  const read = entries.map(([name, own]) => [name, ownLimitsFrom(JSON.stringify(own))] as const);
  const known = read.flatMap(([name, own]) =>
    own === undefined || own === "unreadable" ? [] : [[name, own] as const],
  );
  return { bytes, files, homes: Object.fromEntries(known), trashDays };
};

/** Reads a file of `limits/`; undefined is no file. */
export const ownLimitsFrom = (text: string | undefined): OwnLimits | "unreadable" | undefined => {
  if (text === undefined) return undefined;
  const found = parsed(text);
  if (found === undefined) return "unreadable";
  const { bytes, files } = found;
  if (![bytes, files].every((value) => value === undefined || isCount(value))) return "unreadable";
  return { ...(isCount(bytes) && { bytes }), ...(isCount(files) && { files }) };
};

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) > 0;

const parsed = (text: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
};
