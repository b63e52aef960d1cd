#!/usr/bin/env node
// npm run build: dist/swarmhub.js with its chunks, and dist/assets/ with what it reads and what goes into the images.
import { build } from "esbuild";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { chmod, cp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { licenseTexts } from "./lib/licenses.mjs";

/** What is copied as it is, under the same names. */
const copied = [
  "templates",
  "hub/jupyterhub_config.py",
  "hub/labextension",
  "hub/requirements.txt",
  "hub/swarmhub",
  "hub/templates",
  "monitor",
  "nginx/nginx.conf.hbs",
  "nginx/unavailable.html",
  "nginx/requirements.txt",
];

/** What `swarmhub --version` prints; src/cli/version.ts reads it. */
const versionFile = "version.txt";

/** The programs of the images; each becomes one file of dist/assets/images. */
const programs = { edge: "nginx/edge.ts", proxy: "proxy/proxy.ts", quota: "quota/watcher.ts" };

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");
// Built beside and renamed: whoever runs the bundle meanwhile has the old one or the new one.
const beside = join(root, "build", `dist-${process.pid}`);

const main = async () => {
  await mkdir(join(beside, "assets"), { recursive: true });
  try {
    const [command, images] = await Promise.all([bundleCommand(), bundlePrograms(), copyAssets()]);
    const licenses = await licenseTexts(root, [command, images]);
    await writeFile(join(beside, "third-party-licenses.txt"), licenses);
    await writeFile(join(beside, "assets", versionFile), `${version()}\n`);
    await rm(dist, { recursive: true, force: true });
    await rename(beside, dist);
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
};

const bundleCommand = async () => {
  const { metafile } = await build({
    ...shared,
    entryPoints: { swarmhub: "src/cli.ts" },
    outdir: beside,
    // A command is loaded when it is called for (`await import()`), so that --help reads little.
    splitting: true,
    // Beside the entry, since src/operator/assets.ts looks beside itself.
    chunkNames: "[name]-[hash]",
  });
  await chmod(join(beside, "swarmhub.js"), 0o755);
  return metafile;
};

/** The version with the commit that it is built from, and whether files differ from that commit. */
const version = () => {
  const { version: number } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  try {
    const [prefix, commit] = git("rev-parse", "--show-prefix", "--short=12", "HEAD").split("\n");
    // Sources without a repository of their own may lie in that of somebody else.
    if (prefix !== "") return `${number} (commit unknown)`;
    const isChanged = git("status", "--porcelain") !== "";
    return `${number} (commit ${commit}${isChanged ? " with uncommitted changes" : ""})`;
  } catch {
    return `${number} (commit unknown)`;
  }
};

const git = (...argv) =>
  execFileSync("git", argv, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

const bundlePrograms = async () => {
  const { metafile } = await build({
    ...shared,
    entryPoints: programs,
    outdir: join(beside, "assets/images"),
    outExtension: { ".js": ".mjs" },
  });
  return metafile;
};

const copyAssets = async () => {
  for (const name of copied) {
    const to = join(beside, "assets", name);
    await mkdir(dirname(to), { recursive: true });
    await cp(join(root, name), to, {
      recursive: true,
      filter: (path) => basename(path) !== "__pycache__",
    });
  }
};

/** ssh2 and others are CommonJS and ask for these three, which a module does not have. */
const commonJsNames = `
import { createRequire as createRequire__ } from "node:module";
import { dirname as dirname__ } from "node:path";
import { fileURLToPath as fileURLToPath__ } from "node:url";
const require = createRequire__(import.meta.url);
const __filename = fileURLToPath__(import.meta.url);
const __dirname = dirname__(__filename);
`.trim();

/** dockerode loads gRPC and protobuf for builds with BuildKit, which we do not ask for: most of its start-up. */
const withoutBuildKit = {
  name: "without-buildkit",
  setup: ({ onLoad }) => {
    onLoad({ filter: /node_modules\/dockerode\/lib\/(session|buildkit)\.js$/ }, () => ({
      contents: `module.exports = () => { throw new Error("swarmhub is built without BuildKit"); };`,
    }));
  },
};

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "esm",
  banner: { js: commonJsNames },
  // Native code, which the package does not contain. ssh2 works without it: it then encrypts with AES in Node's own OpenSSL.
  external: ["cpu-features", "*.node"],
  plugins: [withoutBuildKit],
  minify: true,
  keepNames: true,
  metafile: true,
  legalComments: "none", // All licences are in third-party-licenses.txt.
  logLevel: "warning",
};

await main();
