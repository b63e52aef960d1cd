import { readFile, rename, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { z } from "zod";
import type { Rehearsal } from "./rehearsal.js";

/** The file of the last rehearsal, beside the configuration: "swarmhub.rehearsal.json" beside swarmhub.yaml. */
export const lastRehearsalPath = (configPath: string): string =>
  join(dirname(configPath), `${basename(configPath, extname(configPath))}.rehearsal.json`);

const times = z.object({ p50: z.number(), p95: z.number(), worst: z.number(), count: z.number() });
const compared = z.looseObject({
  version: z.literal(1),
  class: z.string(),
  at: z.string(),
  people: z.number(),
  notebook: z.string(),
  rounds: z.array(
    z.looseObject({
      arrival: z.enum(["spread", "at once"]),
      allIn: z.number(),
      phases: z.array(times.extend({ phase: z.string() })),
      failures: z.array(z.looseObject({ people: z.number() })),
    }),
  ),
});

/** The last rehearsal of this class; undefined if there is none that can be read. */
export const readLastRehearsal = async (
  path: string,
  className: string,
): Promise<Rehearsal | undefined> => {
  try {
    const found = compared.parse(JSON.parse(await readFile(path, "utf8")));
    return found.class === className ? (found as unknown as Rehearsal) : undefined;
  } catch {
    return undefined;
  }
};

/** Keeps a rehearsal for the next one; raises the errors of the file system. */
export const writeLastRehearsal = async (path: string, rehearsal: Rehearsal): Promise<void> => {
  const draft = `${path}.new`;
  await writeFile(draft, `${JSON.stringify(rehearsal, null, 2)}\n`);
  await rename(draft, path);
};
