import type { Writable } from "node:stream";
import { z } from "zod";
import type { Cluster } from "../../cluster/cluster.js";
import { CommandError, UserError } from "../../errors.js";
import { runHubProgram } from "../../swarm/hub-program.js";

/** A file that is handed out: its path in the home, the SHA-256 and the size in bytes of its content. */
export type HandedFile = { path: string; hash: string; size: number; executable: boolean };

/**
 * What the hub is asked to do; `to`: the homes that get it, null for all, also later ones. `groups`: those whose later members get it too.
 * `homes`: those that exist.
 */
export type HandoutRequest = {
  name: string;
  files: readonly HandedFile[];
  to: readonly string[] | null;
  groups: readonly string[];
  homes: readonly string[];
  dryRun?: boolean;
};

/** `known`: for each home the state of its copy here. `limit` in bytes for each home. */
export type CollectRequest = {
  path: string;
  homes: readonly string[];
  known: Readonly<Record<string, string>>;
  limit: number;
};

const whats = [
  "place",
  "replace",
  "beside",
  "same",
  "offered",
  "removed",
  "blocked",
  "take",
  "kept",
] as const;
const what = z.enum(whats);
const file = z.object({
  path: z.string(),
  what: what,
  why: z.enum(["changed", "open"]).nullable(),
});
const space = z.tuple([z.number(), z.number()]);
const row = z.union([
  z.object({
    home: z.string(),
    counts: z.partialRecord(what, z.number()),
    /** The files that did not simply get their place, 50 at most. */
    files: z.array(file),
    /** The names of the new files beside others. */
    beside: z.array(z.string()),
  }),
  z.object({
    home: z.string(),
    problem: z.enum(["no room", "no limit", "no home", "busy", "failed"]),
    why: z.string().optional(),
    needs: space.optional(),
    has: space.optional(),
  }),
]);
const handoutResult = z.object({ number: z.number(), rows: z.array(row) });

/** What happened, or with a check would happen, in one home. */
export type HandoutRow = z.infer<typeof row>;

/** `number` is that of the version. */
export type HandoutResult = z.infer<typeof handoutResult>;

/** Lets the hub check, hand out or take back. Throws a UserError; `archive` is a tar.gz of the files. */
export const askHub = async (
  cluster: Cluster,
  action: "check" | "hand-out" | "take-back",
  request: HandoutRequest,
  archive: Uint8Array = new Uint8Array(),
): Promise<HandoutResult> =>
  handoutResult.parse(JSON.parse(await run(cluster, action, request, { archive })));

/** Lets the hub write the archive of the collected files into a stream. Throws a UserError. */
export const collectFromHub = async (
  cluster: Cluster,
  request: CollectRequest,
  into: Writable,
): Promise<void> => {
  await run(cluster, "collect", request, { into });
};

const run = async (
  cluster: Cluster,
  action: string,
  request: object,
  { archive = new Uint8Array(), into }: { archive?: Uint8Array; into?: Writable },
): Promise<string> => {
  const module = "swarmhub.homes.teacher_command";
  const so = "no files can be handed out or collected";
  // Through stdin, since a user's name may contain anything.
  const input = Buffer.concat([Buffer.from(`${JSON.stringify(request)}\n`), archive]);
  try {
    return await runHubProgram(cluster, [module, action], so, {
      title: titles[action] ?? action,
      input,
      timeout: 900_000,
      ...(into !== undefined && { into }),
    });
  } catch (error) {
    if (!(error instanceof CommandError) || error.output.code !== refusedCode) throw error;
    throw new UserError(error.output.stderr.trim(), {
      host: cluster.manager.name,
      hint: "to bring the class up to date, type: swarmhub up",
    });
  }
};

const titles: Record<string, string> = {
  check: "check the homes",
  "hand-out": "hand out the files",
  "take-back": "take the files back",
  collect: "collect the files",
};

/** The exit code of the hub's program for a request that cannot be carried out. */
const refusedCode = 9;
