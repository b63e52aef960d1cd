/** The phases of a visit in their order; `answer` is one request of JupyterLab while a person works. */
export const phases = [
  "login",
  "queue",
  "start",
  "JupyterLab",
  "notebook",
  "cell",
  "save",
  "answer",
] as const;
export type Phase = (typeof phases)[number];

/** Why a visit ended early. `cell` counts from 1. */
export type Failure = {
  kind: "memory" | "queue" | "cell" | "refused" | "connection" | "interrupted";
  phase: Phase;
  cell?: number;
  sentence: string;
};

/** What one person saw. Times are milliseconds, moments Unix milliseconds. */
export type PersonResult = {
  name: string;
  began: number;
  times: Record<Phase, number[]>;
  /** The largest number that the person had in the queue. */
  place?: number;
  /** When JupyterLab was there. */
  ready?: number;
  /** How many cells ended well. */
  cells: number;
  failure?: Failure;
  requests: number;
  bytes: number;
};

/** A person who has not come yet. */
export const emptyResult = (name: string, began: number): PersonResult => ({
  name,
  began,
  times: {
    login: [],
    queue: [],
    start: [],
    JupyterLab: [],
    notebook: [],
    cell: [],
    save: [],
    answer: [],
  },
  cells: 0,
  requests: 0,
  bytes: 0,
});
