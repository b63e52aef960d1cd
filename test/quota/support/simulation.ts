import { type Account, type Limit, isUsed, parentName } from "../../../contracts/xfs.js";
import { type Home, parentLimit } from "../../../quota/decide.js";
import { candidateIds } from "../../../quota/project-ids.js";
import type { Storage } from "../../../quota/storage.js";

/** A folder in the simulated file system; `strays` are files in it with another project id. */
export type Folder = {
  projectId: number;
  inherits: boolean;
  createdAt: number;
  files: number;
  strays: number;
};

/** A simulated XFS. */
export type Simulation = {
  folders: Map<string, Folder>;
  markers: Set<string>;
  accounts: Map<number, Account>;
  parentId: number;
  inspections: number;
};

/** An account without files. */
export const account = (more: Partial<Account> = {}): Account => ({
  usedKiB: 0,
  usedFiles: 0,
  hardKiB: 0,
  hardFiles: 0,
  ...more,
});

/** The limit of each home in these tests. */
export const limit: Limit = { hardKiB: 100, hardFiles: 10 };

/** Only the parent folder, with the id and limit that a first pass gave it. */
export const createSimulation = (): Simulation => ({
  folders: new Map(),
  markers: new Set(),
  accounts: new Map([[1, account(parentLimit)]]),
  parentId: 1,
  inspections: 0,
});

/** Creates a folder as mkdir does. */
export const addFolder = (
  simulation: Simulation,
  name: string,
  more: Partial<Folder> = {},
): void => {
  const { parentId: projectId } = simulation;
  const createdAt = simulation.folders.size;
  const folder = { projectId, inherits: projectId !== 0, createdAt, files: 0, strays: 0, ...more };
  simulation.folders.set(name, folder);
};

/** As in XFS, every folder is on the account of its id. */
const accountsOf = ({ folders, accounts, parentId }: Simulation): Map<number, Account> => {
  const all = new Map([[0, account()], ...accounts]);
  for (const projectId of [parentId, ...[...folders.values()].map((folder) => folder.projectId)]) {
    const { usedFiles, ...rest } = all.get(projectId) ?? account();
    all.set(projectId, { ...rest, usedFiles: usedFiles + 1 });
  }
  return all;
};

/** The simulation as a Storage; with `overrides` a test makes a part of it fail. */
export const storageOf = (
  simulation: Simulation,
  overrides: (real: Storage) => Partial<Storage> = () => ({}),
): Storage => {
  const { folders, markers, accounts } = simulation;
  const real: Storage = {
    inspect: async (recheck) => {
      simulation.inspections++;
      const before = recheck && new Set(recheck.before.homes.map(({ name }) => name));
      const present = [...folders].filter(([name]) => before?.has(name) ?? true);
      const homes = present.map(([name, folder]): Home => {
        const { projectId, inherits, createdAt, files } = folder;
        const isPending = markers.has(name);
        const treeHasId = !isPending || files === 0 || recheck?.covered.has(name) === true;
        return { name, projectId, inherits, createdAt, isPending, treeHasId };
      });
      const all = accountsOf(simulation);
      const highestId = Math.max(...all.keys());
      return {
        homes,
        parent: { projectId: simulation.parentId, inherits: simulation.parentId !== 0 },
        accounts: all,
        highestId,
        isAfterFullScan: true,
        freeIds: candidateIds(homes.length + 1, { highestId, accounts: all }).filter(
          (id) => !isUsed(all.get(id)),
        ),
        isComplete: true,
        assignedIds: new Set(),
        count: folders.size,
        ignored: [],
        unreadable: [],
        isBehind: present.length < folders.size,
      };
    },
    assign: async (assignments) => {
      const refusals = new Map<string, string>();
      for (const { home, projectId } of assignments) {
        if (!accounts.has(projectId)) accounts.set(projectId, account());
        if (home === parentName) {
          simulation.parentId = projectId;
          continue;
        }
        const folder = folders.get(home);
        if (folder === undefined) refusals.set(home, "No such file or directory");
        else Object.assign(folder, { projectId, inherits: true, strays: 0 });
        markers.add(home);
      }
      return refusals;
    },
    limit: async (limits) => {
      for (const { projectId, hardKiB, hardFiles } of limits)
        accounts.set(projectId, { ...account(), ...accounts.get(projectId), hardKiB, hardFiles });
      return new Map();
    },
    removeMarker: async (home) => {
      markers.delete(home);
    },
    clearLimits: async (projectIds) => {
      for (const projectId of projectIds) accounts.delete(projectId);
    },
  };
  return { ...real, ...overrides(real) };
};
