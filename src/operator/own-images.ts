import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pack } from "tar-stream";
import { UserError } from "../errors.js";

/** The images that swarmhub builds itself. */
const imageNames = ["hub", "proxy", "edge", "quota", "registry"] as const;
/** The name of one of them. */
export type ImageName = (typeof imageNames)[number];

/** An image of ours; its tag is a hash of its content, so that the same reference is the same image. */
export type OwnImage = {
  name: ImageName;
  /** "swarmhub/hub:0123456789ab" */
  reference: string;
  /** The last stage of the Dockerfile in `context`. */
  target: ImageName;
  context: readonly ContextFile[];
};

/** A file of a build context. */
type ContextFile = { path: string; content: Buffer; mode: number };

/** The files that images are built from: the content of one, and the names of all below a folder, like "hub/requirements.txt". */
type Assets = { read: (name: string) => Buffer; list: (folder: string) => string[] };

/** All our images. Throws a UserError if one of their files was not built. */
export const ownImages = (assets: Assets): OwnImage[] => {
  const dockerfile = assets.read("templates/Dockerfile").toString("utf8");
  return imageNames.map((name) => {
    const stages = stagesOf(dockerfile, name);
    const context = [
      { path: "Dockerfile", content: Buffer.from(stages), mode: 0o644 },
      ...copiedBy(stages, assets).map((path) => ({
        path,
        content: assets.read(path),
        mode: 0o644,
      })),
    ];
    return { name, reference: `swarmhub/${name}:${hashOf(context)}`, target: name, context };
  });
};

/** A build context as the tar archive for Docker; the same files give the same bytes. */
export const contextTar = (files: readonly ContextFile[]): Readable => {
  const archive = pack();
  for (const { path, content, mode } of sorted(files)) {
    archive.entry({ name: path, mode, mtime: new Date(0), uid: 0, gid: 0 }, content);
  }
  archive.finalize();
  return Readable.from(archive, { objectMode: false });
};

/** The assets on this machine; `pathOf` returns the full path of one. */
export const assetsAt = (pathOf: (name: string) => string): Assets => ({
  read: (name) => {
    try {
      return readFileSync(pathOf(name));
    } catch (error) {
      throw new UserError(
        `${name}, a file of swarmhub's images, cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        { hint: "type `npm run build`" },
      );
    }
  },
  list: (folder) =>
    readdirSync(pathOf(folder), { recursive: true, encoding: "utf8" })
      .map((path) => join(folder, path))
      .filter((path) => !path.includes("__pycache__") && statSync(pathOf(path)).isFile()),
});

/** The target and the stages that it is based on: the classic builder does not select them by itself. */
const stagesOf = (dockerfile: string, target: string): string => {
  const stages = dockerfile.split(/^(?=FROM )/m).slice(1);
  const stage = stages.find((text) => stageLine(text).name === target);
  if (stage === undefined) throw new Error(`templates/Dockerfile has no stage ${target}`);
  const { from } = stageLine(stage);
  const isStage = stages.some((text) => stageLine(text).name === from);
  return (isStage ? stagesOf(dockerfile, from) : "") + stage;
};

const stageLine = (stage: string): { from: string; name: string } => {
  const [, from = "", name = ""] = /^FROM (\S+) AS (\S+)$/m.exec(stage) ?? [];
  return { from, name };
};

const copiedBy = (stages: string, { list }: Assets): string[] =>
  [...stages.matchAll(/^COPY (.+) \S+$/gm)]
    .flatMap(([, sources = ""]) => sources.split(" "))
    .flatMap((source) => (source.endsWith("/") ? list(source.slice(0, -1)) : [source]));

const hashOf = (files: readonly ContextFile[]): string => {
  const hash = createHash("sha256");
  for (const { path, content, mode } of sorted(files)) {
    hash.update(`${path}\0${mode}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 12);
};

const sorted = (files: readonly ContextFile[]): ContextFile[] =>
  files.toSorted((one, other) => (one.path < other.path ? -1 : 1));
