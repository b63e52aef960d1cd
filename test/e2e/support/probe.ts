import { readFile } from "node:fs/promises";
import { classIn, guestOf } from "./class.js";
import type { Lab } from "./lab.js";

/** HTTP statuses of JupyterLab's page, of opening and of saving a notebook; the names of the kernels, or a status; a cell's output. */
export type Probe = {
  lab: number;
  kernels: string[] | number;
  cell: string;
  opened: number;
  saved: number;
};

/** What a server answers in which all works, with a notebook that is there. */
export const works: Probe = { lab: 200, kernels: ["python3"], cell: "42", opened: 200, saved: 200 };

/** Uses a user's server as JupyterLab does: kernels, a cell, a notebook that is opened and saved. */
export const probe = async (lab: Lab, user: string, notebook: string): Promise<Probe> => {
  const { nodeOf, containerOf } = classIn(lab);
  const node = guestOf(await nodeOf(user));
  // A file for each user: several are probed at the same time.
  const file = `/root/probe-${user}.py`;
  await lab.write(node, file, await readFile("test/e2e/support/probe.py", "utf8"));
  const command = `docker exec -i ${await containerOf(user)} python3 -s - ${notebook} <${file}`;
  return JSON.parse(await lab.on(node, command)) as Probe;
};
