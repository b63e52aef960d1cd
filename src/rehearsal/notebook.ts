import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { z } from "zod";
import { UserError, exitCode } from "../errors.js";

/** A notebook: its cells with code, in their order, and the file as JSON. */
export type Notebook = {
  name: string;
  kernel: string | undefined;
  cells: string[];
  content: object;
};

const mostBytes = 20 * 2 ** 20;
const lines = z.union([z.string(), z.array(z.string())]);
const format = z.looseObject({
  nbformat: z.literal(4),
  cells: z.array(z.looseObject({ cell_type: z.string(), source: lines })).max(2000),
  metadata: z
    .looseObject({ kernelspec: z.looseObject({ name: z.string() }).optional() })
    .optional(),
});

/** Reads a notebook of the operator's machine. Throws a UserError (usage). */
export const readNotebook = async (path: string): Promise<Notebook> => {
  const fault = (reason: string): UserError =>
    new UserError(`${path}: ${reason}`, {
      hint: "name a notebook of format 4, as JupyterLab saves it: swarmhub rehearse --notebook lesson.ipynb",
      code: exitCode.usage,
    });
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw fault(`cannot be read (${error.code ?? error.message})`);
  });
  if (text.length > mostBytes) throw fault("is larger than 20 MB");
  const notebook = notebookIn(text, basename(path));
  if (notebook === undefined) throw fault("is no Jupyter notebook");
  if (notebook.cells.length === 0) throw fault("has no cell with code");
  return notebook;
};

const notebookIn = (text: string, name: string): Notebook | undefined => {
  try {
    const found = format.parse(JSON.parse(text));
    const cells = found.cells
      .filter(({ cell_type: type }) => type === "code")
      .map(({ source }) => (typeof source === "string" ? source : source.join("")))
      .filter((source) => source.trim() !== "");
    return { name, kernel: found.metadata?.kernelspec?.name, cells, content: found };
  } catch {
    return undefined;
  }
};

/** A small lesson in Python with nothing but its standard library: 25 MB, a second of work, a file. */
export const builtInNotebook = (): Notebook => {
  const cells = [
    "import json, math, random, statistics, sys\nprint(sys.version)",
    "random.seed(101)\nvalues = [random.gauss(0, 1) for _ in range(400_000)]\nlen(values)",
    "statistics.fmean(values), statistics.pstdev(values[:20_000])",
    "primes = [n for n in range(2, 40_000) if all(n % d for d in range(2, math.isqrt(n) + 1))]\nlen(primes)",
    "with open('rehearsal.json', 'w') as file:\n    json.dump(values[:20_000], file)\nprint('saved')",
  ];
  return {
    name: "the built-in notebook",
    kernel: undefined,
    cells,
    content: {
      cells: cells.map((source) => ({
        cell_type: "code",
        execution_count: null,
        metadata: {},
        outputs: [],
        source,
      })),
      metadata: {},
      nbformat: 4,
      nbformat_minor: 4,
    },
  };
};
