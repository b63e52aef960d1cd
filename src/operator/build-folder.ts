import { readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { type Config, type BuildSource, imagesOf } from "../config/types.js";
import { UserError, exitCode, oneError } from "../errors.js";
import { formatSize } from "../text/format.js";
import { ignoreFrom } from "./dockerignore.js";
import { type Entry, folderHash, folderTar, readFolder } from "./folder.js";

/** What an image is built from. */
export type BuildContext = {
  /** Another one for every other content. */
  hash: string;
  /** Bytes and number of what goes to the builder. */
  bytes: number;
  files: number;
  /** The images that its Dockerfile begins with. */
  bases: string[];
  /** All of it as a compressed tar archive. */
  context: () => Promise<Buffer>;
};

const most = { bytes: 100 * 2 ** 20, files: 10_000 };

/** Reads the folder of a build, once for each build: answers why it cannot be built (usage), at the place that names it. */
export const readBuild = (build: BuildSource): Promise<BuildContext | UserError> => {
  const known = read.get(build) ?? look(build);
  read.set(build, known);
  return known;
};

/** Throws a UserError (usage) that says of each folder of a configuration why no image can be built from it. */
export const refuseUnbuildable = async (config: Config): Promise<void> => {
  const builds = imagesOf(config).flatMap(({ build }) => build ?? []);
  const errors = (await Promise.all(builds.map(readBuild))).filter(
    (each) => each instanceof UserError,
  );
  if (errors.length > 0) throw oneError(errors);
};

// Half of the pieces ask, and a file that changes in the middle of a run must not make two images of one.
const read = new WeakMap<BuildSource, Promise<BuildContext | UserError>>();

const look = async (build: BuildSource): Promise<BuildContext | UserError> => {
  try {
    return await readNow(build);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
};

const readNow = async ({ folder, place }: BuildSource): Promise<BuildContext> => {
  const wrong = (text: string, hint: string): UserError =>
    new UserError(`build ${text}`, { place, hint, code: exitCode.usage });
  const dockerfile = await readFile(join(folder, "Dockerfile"), "utf8").catch(
    ({ code, message }: NodeJS.ErrnoException) => {
      if (code === "ENOENT" || code === "ENOTDIR")
        throw wrong(
          `is ${folder}, where there is no Dockerfile`,
          "name the folder that has one, or an image instead of build",
        );
      throw wrong(`cannot be read: ${message}`, "make the folder and its Dockerfile readable");
    },
  );
  const ignored = await readFile(join(folder, ".dockerignore"), "utf8").catch(() => "");
  const entries = await readFolder(folder, {
    most,
    takes: ignoreFrom(ignored),
    // As it is: the builder follows none that leads out of what it was sent.
    targetOf: (path) => readlink(join(folder, path)),
    tooLarge: () =>
      wrong(
        `is ${folder}, larger than ${formatSize(most.bytes)} or of more than ${most.files} files`,
        "name in its .dockerignore what the image does not need, or have the Dockerfile fetch it",
      ),
    refused: (path, why, hint) =>
      wrong(
        `cannot take ${join(folder, path)} along: ${why}`,
        `${hint}, or name it in .dockerignore`,
      ),
    unreadable: ({ message }) =>
      wrong(`cannot be read: ${message}`, "make it readable, or name it in .dockerignore"),
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

/** What stands behind FROM: not the stages above, nor a name that is only made while it is built. */
const basesOf = (dockerfile: string): string[] => {
  const lines = [...dockerfile.matchAll(/^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/gim)];
  const stages = new Set(lines.map(([, , stage = ""]) => stage.toLowerCase()));
  const names = lines.map(([, name = ""]) => name);
  return [...new Set(names)].filter(
    (name) => !name.includes("$") && name !== "scratch" && !stages.has(name.toLowerCase()),
  );
};
