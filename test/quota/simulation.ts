import type { Home } from "../../quota/decide.js";
import type { Storage } from "../../quota/storage.js";
import type { Account } from "../../quota/xfs.js";

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

export const createSimulation = (): Simulation => ({
  folders: new Map(),
  marks: new Set(),
  accounts: new Map(),
  parentId: 0,
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

/** The simulation as a Storage; `overrides` lets a test make a part of it fail. */
export const storageOf = (
  simulation: Simulation,
  overrides: (real: Storage) => Partial<Storage> = () => ({}),
): Storage => {
  const { folders, marks, accounts } = simulation;
  const real: Storage = {
    look: async (again) => {
      simulation.looks++;
      const present = [...folders].filter(([name]) => again?.before.attributes.has(name) ?? true);
      const homes = present.map(([name, folder]): Home => {
        const { projectId, inherits, born, files } = folder;
        const marked = marks.has(name);
        const settled = !marked || files === 0 || again?.covered.has(name) === true;
        return { name, projectId, inherits, born, marked, settled };
      });
      return {
        homes,
        parentId: simulation.parentId,
        accounts: new Map(accounts),
        attributes: new Map(present),
        ignored: [],
        unread: [],
        isBehind: present.length < folders.size,
      };
    },
    assign: async (assignments) => {
      const refusals = new Map<string, string>();
      for (const { home, projectId } of assignments) {
        const folder = folders.get(home);
        if (folder === undefined) refusals.set(home, "No such file or directory");
        else Object.assign(folder, { projectId, inherits: true, strays: 0 });
        marks.add(home);
        if (!accounts.has(projectId)) accounts.set(projectId, { usedKiB: 0, hardKiB: 0 });
      }
      return refusals;
    },
    limit: async (limits) => {
      for (const { projectId, hardKiB } of limits)
        accounts.set(projectId, { usedKiB: accounts.get(projectId)?.usedKiB ?? 0, hardKiB });
      return new Map();
    },
    unmark: async (home) => {
      marks.delete(home);
    },
  };
  return { ...real, ...overrides(real) };
};
