import { type Account, type Limit, isUsed, parentName } from "../../../contracts/xfs.js";
import { type Home, parentLimit } from "../../../quota/decide.js";
import { candidateIds } from "../../../quota/project-ids.js";
import type { Storage } from "../../../quota/storage.js";

/** A folder in the simulated file system; `strays` are files in it that carry another project id. */
export type Folder = {
  projectId: number;
  inherits: boolean;
  born: number;
  files: number;
  strays: number;
};

/** A simulated XFS: what the storage looks like between two looks. */
export type Simulation = {
  folders: Map<string, Folder>;
  marks: Set<string>;
  accounts: Map<number, Account>;
  parentId: number;
  looks: number;
};

/** An account on which nothing is yet. */
export const account = (more: Partial<Account> = {}): Account => ({
  usedKiB: 0,
  usedFiles: 0,
  hardKiB: 0,
  hardFiles: 0,
  ...more,
});

/** The limit that these tests want for each home. */
export const limit: Limit = { hardKiB: 100, hardFiles: 10 };

/** Nothing but the folder of the homes, with the id and limit that a first pass gave it. */
export const createSimulation = (): Simulation => ({
  folders: new Map(),
  marks: new Set(),
  accounts: new Map([[1, account(parentLimit)]]),
  parentId: 1,
  looks: 0,
});

/** Makes a folder as mkdir would. */
export const addFolder = (
  simulation: Simulation,
  name: string,
  more: Partial<Folder> = {},
): void => {
  const { parentId: projectId } = simulation;
  const born = simulation.folders.size;
  const folder = { projectId, inherits: projectId !== 0, born, files: 0, strays: 0, ...more };
  simulation.folders.set(name, folder);
};

/** As XFS has it: whatever carries an id is on that id's account. */
const accountsOf = ({ folders, accounts, parentId }: Simulation): Map<number, Account> => {
  const all = new Map([[0, account()], ...accounts]);
  for (const projectId of [parentId, ...[...folders.values()].map((folder) => folder.projectId)]) {
    const { usedFiles, ...rest } = all.get(projectId) ?? account();
    all.set(projectId, { ...rest, usedFiles: usedFiles + 1 });
  }
  return all;
};

/** The simulation as a Storage; `overrides` lets a test make a part of it fail. */
export const storageOf = (
  simulation: Simulation,
  overrides: (real: Storage) => Partial<Storage> = () => ({}),
): Storage => {
  const { folders, marks, accounts } = simulation;
  const real: Storage = {
    look: async (again) => {
      simulation.looks++;
      const known = again && new Set(again.before.homes.map(({ name }) => name));
      const present = [...folders].filter(([name]) => known?.has(name) ?? true);
      const homes = present.map(([name, folder]): Home => {
        const { projectId, inherits, born, files } = folder;
        const marked = marks.has(name);
        const settled = !marked || files === 0 || again?.covered.has(name) === true;
        return { name, projectId, inherits, born, marked, settled };
      });
      const all = accountsOf(simulation);
      const highestId = Math.max(...all.keys());
      return {
        homes,
        parent: { projectId: simulation.parentId, inherits: simulation.parentId !== 0 },
        accounts: all,
        highestId,
        isFresh: true,
        free: candidateIds(homes.length + 1, { highestId, accounts: all }).filter(
          (id) => !isUsed(all.get(id)),
        ),
        isWhole: true,
        given: new Set(),
        count: folders.size,
        ignored: [],
        unread: [],
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
        marks.add(home);
      }
      return refusals;
    },
    limit: async (limits) => {
      for (const { projectId, hardKiB, hardFiles } of limits)
        accounts.set(projectId, { ...account(), ...accounts.get(projectId), hardKiB, hardFiles });
      return new Map();
    },
    unmark: async (home) => {
      marks.delete(home);
    },
    clear: async (projectIds) => {
      for (const projectId of projectIds) accounts.delete(projectId);
    },
  };
  return { ...real, ...overrides(real) };
};
