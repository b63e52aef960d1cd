/** The amounts of one home: `files` counts files, folders and everything else that takes an inode. */
export type Amounts = { bytes: number; files: number };

/** `limits/HOME`, written by `swarmhub quota set`: the limits of one home; an amount that is missing is as configured. */
export type OwnLimits = Partial<Amounts>;

/** Why a file of `limits/` cannot be used, in one sentence. */
export type Unreadable = { problem: string };

/**
 * `limits.json`, written by `swarmhub up`: the limits of every home, those of homes whose owners the configuration or the roster puts
 * into a group, the bytes of each group for homes with a note in `groups/`, and the days in the trash.
 */
export type Limits = Amounts & {
  homes: Record<string, OwnLimits>;
  groups: Record<string, number>;
  trashDays: number;
};

/** `groups/HOME`, written by the hub before it makes a home: the groups of `limits.json` in which the provider's last answer puts its owner. */
export type GroupNote = { groups: string[] };

/** The limits that a home should have, and the origin of its bytes; "current" is the limit that it already has. */
export type WantedLimits = Amounts & { from: "quota set" | "group" | "default" | "current" };

/** A home as `wantedLimits` sees it; a current amount of 0 is no limit. */
type HomeLimits = {
  name: string;
  own: OwnLimits | Unreadable | undefined;
  /** The groups in its note, none without one. */
  groups: readonly string[];
  current: Amounts | undefined;
};

/**
 * The limits that a home should have: its own come first, then the highest of its owner's groups, then the defaults. While its own file
 * is unreadable the home keeps its current limits, because nobody knows which ones were set; without any it gets the others.
 */
export const wantedLimits = (
  { homes, groups: quotas, ...defaults }: Amounts & Pick<Limits, "homes" | "groups">,
  { name, own = {}, groups, current }: HomeLimits,
): WantedLimits => {
  const isUnreadable = "problem" in own;
  if (isUnreadable && current !== undefined && current.bytes > 0 && current.files > 0)
    return { ...current, from: "current" };
  const set = isUnreadable ? {} : own;
  const listed = Object.hasOwn(homes, name) ? homes[name] : undefined;
  const claimed = groups.flatMap((each) =>
    Object.hasOwn(quotas, each) ? (quotas[each] ?? []) : [],
  );
  const bytes = highestQuota([...claimed, listed?.bytes]);
  return {
    bytes: set.bytes ?? bytes ?? defaults.bytes,
    files: set.files ?? listed?.files ?? defaults.files,
    from: set.bytes !== undefined ? "quota set" : bytes !== undefined ? "group" : "default",
  };
};

/** What counts for somebody in several groups; undefined where none has a quota. */
export const highestQuota = (quotas: readonly (number | undefined)[]): number | undefined =>
  quotas.reduce(
    (highest, each) => (each === undefined || each < (highest ?? 0) ? highest : each),
    undefined,
  );

/** The largest files that are read, in bytes: 100,000 homes in `limits.json` are some 6 MB. */
export const maximumLimitsBytes = 2 ** 24;
export const maximumOwnLimitsBytes = 4096;

/** Why a file is not read that is larger than `maximum` bytes, or a link, a folder or a device. */
export const notReadable = (maximum: number): string =>
  `it is not a regular file of at most ${maximum} bytes`;

/** Parses `limits.json`; throws an Error whose message is one sentence about the file. */
export const parseLimits = (text: string): Limits => {
  const content = objectIn(text);
  const { bytes, files } = amountsIn(content);
  const { trashDays, homes = {}, groups: quotas = {} } = content;
  if (bytes === undefined || files === undefined) throw new Error("bytes or files is missing");
  if (typeof trashDays !== "number" || !(trashDays >= 1))
    throw new Error("trashDays must be a number of days, at least 1");
  const listed = Object.entries(asObject(homes, "homes")).map(([home, amounts]) => [
    home,
    amountsIn(asObject(amounts, `the entry of ${home}`)),
  ]);
  const groups = Object.entries(asObject(quotas, "groups")).map(([group, quota]) => [
    group,
    amountsIn({ bytes: quota }).bytes,
  ]);
  return {
    bytes,
    files,
    homes: Object.fromEntries(listed) as Limits["homes"],
    groups: Object.fromEntries(groups) as Limits["groups"],
    trashDays,
  };
};

/** Parses a file of `groups/`; undefined where it is none. The hub replaces it at the owner's next start. */
export const parseGroupNote = (text: string): GroupNote | undefined => {
  try {
    const { groups } = objectIn(text);
    return Array.isArray(groups) && groups.every((each) => typeof each === "string")
      ? { groups: groups.slice(0, mostGroups) }
      : undefined;
  } catch {
    return undefined;
  }
};

/** The groups in one note. Their names have at most 40 characters, so that a note is smaller than `maximumOwnLimitsBytes`. */
export const mostGroups = 64;

/** Parses a file of `limits/`. It does not throw. */
export const parseOwnLimits = (text: string): OwnLimits | Unreadable => {
  try {
    return amountsIn(objectIn(text));
  } catch (error) {
    return { problem: (error as Error).message };
  }
};

const objectIn = (text: string): Record<string, unknown> => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error("it is not JSON", { cause: error });
  }
  return asObject(value, "it");
};

const asObject = (value: unknown, subject: string): Record<string, unknown> => {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new Error(`${subject} is not a JSON object`);
};

const amountsIn = (content: Record<string, unknown>): OwnLimits => ({
  ...amountIn(content, "bytes", 4096),
  ...amountIn(content, "files", 1),
});

/** XFS takes 0 for no limit, and nobody gets that. */
const amountIn = (
  content: Record<string, unknown>,
  key: keyof Amounts,
  minimum: number,
): OwnLimits => {
  const value = content[key];
  if (value === undefined) return {};
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= minimum)
    return { [key]: value };
  throw new Error(`${key} must be a whole number, at least ${minimum}`);
};
