import { readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { type Config, type BuildSource, imagesOf } from "../config/types.js";
import { UserError, exitCode, oneError } from "../errors.js";
import { formatSize } from "../text/format.js";
import { ignoreFrom } from "./dockerignore.js";
import { type Entry, folderHash, folderTar, readFolder } from "./folder.js";

/** The content of a folder from which an image is built. */
export type BuildContext = {
  /** Differs for every other content. */
  hash: string;
  /** Bytes of all files that go to the builder. */
  bytes: number;
  /** Number of files, folders and links that go to the builder. */
  files: number;
  /** The base images of its Dockerfile. */
  bases: string[];
  /** The whole context as a compressed tar archive. */
  context: () => Promise<Buffer>;
};

const maximum = { bytes: 100 * 2 ** 20, files: 10_000 };

/** Reads the folder of a build, once in a run. Resolves to a UserError (usage) at the place of its key if no image can be built from it. */
export const readBuild = (build: BuildSource): Promise<BuildContext | UserError> => {
  const context = contexts.get(build) ?? readOrError(build);
  contexts.set(build, context);
  return context;
};

/** Throws a UserError (usage) about all folders of a configuration from which no image can be built. */
export const refuseUnbuildable = async (config: Config): Promise<void> => {
  const builds = imagesOf(config).flatMap(({ build }) => build ?? []);
  const errors = (await Promise.all(builds.map(readBuild))).filter(
    (each) => each instanceof UserError,
  );
  if (errors.length > 0) throw oneError(errors);
};

// Half of the pieces need it, and a file that changes during a run must not make two images of one.
const contexts = new WeakMap<BuildSource, Promise<BuildContext | UserError>>();

const readOrError = async (build: BuildSource): Promise<BuildContext | UserError> => {
  try {
    return await readContext(build);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
};

const readContext = async ({ folder, place }: BuildSource): Promise<BuildContext> => {
  const failure = (problem: string, hint: string): UserError =>
    new UserError(`build folder ${problem}`, { place, hint, code: exitCode.usage });
  const dockerfile = await readFile(join(folder, "Dockerfile"), "utf8").catch(
    ({ code, message }: NodeJS.ErrnoException) => {
      if (code === "ENOENT" || code === "ENOTDIR")
        throw failure(
          `${folder} has no Dockerfile`,
          "name a folder that has one, or an image instead of build",
        );
      throw failure(`cannot be read: ${message}`, "make the folder and its Dockerfile readable");
    },
  );
  const ignored = await readFile(join(folder, ".dockerignore"), "utf8").catch(() => "");
  const entries = await readFolder(folder, {
    maximum,
    includes: ignoreFrom(ignored),
    // Unchanged: the builder follows no link that leads out of the context.
    readTarget: (path) => readlink(join(folder, path)),
    tooLarge: () =>
      failure(
        `${folder} is larger than ${formatSize(maximum.bytes)} or has more than ${maximum.files} files`,
        "list in its .dockerignore what the image does not need, or let the Dockerfile download it",
      ),
    refused: (path, why, hint) =>
      failure(`contains ${join(folder, path)}, but ${why}`, `${hint}, or list it in .dockerignore`),
    unreadable: ({ message }) =>
      failure(`cannot be read: ${message}`, "make it readable, or list it in .dockerignore"),
  });
  return {
    hash: folderHash(entries),
    bytes: bytesOf(entries),
    files: entries.length,
    bases: basesOf(dockerfile),
    context: () => folderTar(entries),
  };
};

const bytesOf = (entries: readonly Entry[]): number =>
  entries.reduce((sum, entry) => sum + (entry.kind === "file" ? entry.content.length : 0), 0);

/** The images in FROM, without earlier stages and names that depend on a build argument. */
const basesOf = (dockerfile: string): string[] => {
  const lines = [...dockerfile.matchAll(/^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/gim)];
  const stages = new Set(lines.map(([, , stage = ""]) => stage.toLowerCase()));
  const names = lines.map(([, name = ""]) => name);
  return [...new Set(names)].filter(
    (name) => !name.includes("$") && name !== "scratch" && !stages.has(name.toLowerCase()),
  );
};
