/** The mount point of the homes' file system on the storage host and in the watcher's container. */
export const storageRoot = "/srv/swarmhub";

/** The folders in it, as the CLI, the watcher, the hub and the storage host use them. */
export const storageFolders = {
  homes: "homes",
  /** For each home a note of its owner, written by the hub: `OwnerNote`. */
  owners: "owners",
  /** For each home a file with its own limits, written by `swarmhub quota set`: `OwnLimits`. */
  limits: "limits",
  /** For each home whose owner's provider names a group of the configuration a note of these groups, written by the hub: `GroupNote`. */
  groups: "groups",
  /**
   * Pending markers: an empty file for each home whose limit is not in force yet, so that its server does not start. The hub,
   * `swarmhub homes restore` and the watcher create them; the watcher removes them.
   */
  pending: "pending",
  /** Deleted homes, moved there by `swarmhub homes delete` and erased by the watcher: `trashEntry`. */
  trash: "trash",
  /** The first files of new homes, copied by `swarmhub up`. */
  skeleton: "skeleton",
  /** An empty file for each lost machine, named by its address and created by the hub; the storage host withdraws its export. */
  fenced: "fenced",
  /** What `swarmhub handout` gave to whom, written and read by the hub. Outside of the homes, so that no user can change it. */
  handouts: "handouts",
} as const;

/** The files in it. */
export const storageFiles = {
  /** Written by `swarmhub up`, read by the watcher: `Limits`. */
  limits: "limits.json",
  /** Written by the watcher, read by the CLI and the hub: `WatcherStatus`. */
  watcherStatus: "watcher.json",
  /** Written by `swarmhub up` after the first files, read by the hub: `FirstFilesNote`. */
  firstFilesNote: "skeleton.json",
} as const;

/** The names that a home can have, as a regular expression: the slug of its owner. */
export const homeNamePattern = "[a-z][a-z0-9-]{0,27}";

/** Whether this is the name of a home; everything else in `homes/` is not ours. */
export const isHomeName = (name: string): boolean => homeName.test(name);

const homeName = new RegExp(`^${homeNamePattern}$`);

/**
 * The shared folder of the class, a home without an owner, so that it has a project id and a limit as every home has. No user name has
 * this slug: a plain one has no two hyphens in a row, and all others have three (hub/swarmhub/slug.py).
 */
export const sharedHome = "class--shared";

/**
 * The folder of a deleted home below its entry in the trash, and the files beside it. `renamedFrom` is there while a home is renamed: its
 * former name.
 */
export const trashEntry = {
  home: "home",
  owner: "owner",
  limits: "limit",
  renamedFrom: "renamed-from",
} as const;

/** Parses the name of an entry in the trash, HOME.YYYYMMDDTHHMMSSZ; undefined for every other name. */
export const parseTrashEntry = (entry: string): { home: string; deleted: Date } | undefined => {
  const [, home, year, month, day, hour, minute, second] = entryName.exec(entry) ?? [];
  const deleted = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return home === undefined || Number.isNaN(deleted.getTime()) ? undefined : { home, deleted };
};

const entryName = new RegExp(
  `^(${homeNamePattern})\\.(\\d{4})(\\d\\d)(\\d\\d)T(\\d\\d)(\\d\\d)(\\d\\d)Z$`,
);
