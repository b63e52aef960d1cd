import { readFile, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Config, type BuildSource, imagesOf } from "../config/types.js";
import { UserError, exitCode, oneError } from "../errors.js";
import { formatSize } from "../text/format.js";
import { type BuildKitLine, basesOf, buildKitLine } from "./dockerfile.js";
import { ignoreFrom } from "./dockerignore.js";
import { type Entry, folderHash, folderTar, readFolder } from "./folder.js";
import { type Sources, dockerfileFrom, sourceNames } from "./made-dockerfile.js";
import { allLogins } from "./registry-logins.js";

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
  /** The first line of its Dockerfile that needs BuildKit; undefined if none does. */
  buildKit?: BuildKitLine | undefined;
  /** The Dockerfile that was made from other files of a folder without one, and their names. */
  made?: { dockerfile: string; from: string[] } | undefined;
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

/** Throws a UserError (usage) about all folders of a configuration from which no image can be built, and missing passwords of registries. */
export const refuseUnbuildable = async (config: Config): Promise<void> => {
  await allLogins(config);
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
  const failure: Failure = (problem, hint) =>
    new UserError(`build folder ${problem}`, { place, hint, code: exitCode.usage });
  const own = await readFile(join(folder, "Dockerfile"), "utf8").catch(
    ({ code, message }: NodeJS.ErrnoException) => {
      if (code === "ENOENT" || code === "ENOTDIR") return undefined;
      throw failure(`cannot be read: ${message}`, "make the folder and its Dockerfile readable");
    },
  );
  const isFolder = own !== undefined || (await stat(folder).catch(() => undefined))?.isDirectory();
  if (isFolder !== true) throw failure(...withoutDockerfile(folder));
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
  const made = own === undefined ? madeFrom(entries, folder, failure) : undefined;
  const dockerfile = own ?? made?.dockerfile ?? "";
  const all = made === undefined ? entries : [...entries, fileOf(made.dockerfile)];
  return {
    hash: folderHash(all),
    bytes: bytesOf(all),
    files: all.length,
    bases: basesOf(dockerfile),
    buildKit: buildKitLine(dockerfile),
    made,
    context: () => folderTar(all),
  };
};

type Failure = (problem: string, hint: string) => UserError;

const withoutDockerfile = (folder: string): Parameters<Failure> => [
  `${folder} has no Dockerfile`,
  "name a folder that has one, or requirements.txt, environment.yml, apt.txt or install.R; or an image instead of build",
];

const madeFrom = (
  entries: readonly Entry[],
  folder: string,
  failure: Failure,
): NonNullable<BuildContext["made"]> => {
  const sources: Sources = {};
  for (const name of sourceNames) {
    const entry = entries.find(({ path }) => path === name);
    if (entry?.kind === "file") sources[name] = entry.content.toString("utf8");
  }
  const from = Object.keys(sources);
  if (from.length === 0) throw failure(...withoutDockerfile(folder));
  try {
    return { dockerfile: dockerfileFrom(sources), from };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw failure(`${folder} ${error.reason}`, error.hint ?? "");
  }
};

const fileOf = (dockerfile: string): Entry => ({
  path: "Dockerfile",
  kind: "file",
  content: Buffer.from(dockerfile),
  mode: 0o644,
});

const bytesOf = (entries: readonly Entry[]): number =>
  entries.reduce((sum, entry) => sum + (entry.kind === "file" ? entry.content.length : 0), 0);
