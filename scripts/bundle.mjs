#!/usr/bin/env node
// npm run build: dist/swarmhub.js with its chunks, and dist/assets/ with what it reads and what goes into the images.
import { build } from "esbuild";
import { chmod, cp, mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What is copied as it is, under the same names. */
const copied = [
  "templates",
  "hub/jupyterhub_config.py",
  "hub/requirements.txt",
  "hub/swarmhub",
  "hub/templates",
  "monitor",
  "nginx/nginx.conf.hbs",
  "nginx/unavailable.html",
  "nginx/requirements.txt",
];

/** The programs of the images; each becomes one file of dist/assets/images. */
const programs = { edge: "nginx/edge.ts", proxy: "proxy/proxy.ts", quota: "quota/watcher.ts" };

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");
// Built beside and renamed: whoever runs the bundle meanwhile has the old one or the new one.
const beside = join(root, "build", `dist-${process.pid}`);

const main = async () => {
  await mkdir(join(beside, "assets"), { recursive: true });
  try {
    await Promise.all([bundleCommand(), bundlePrograms(), copyAssets()]);
    await rm(dist, { recursive: true, force: true });
    await rename(beside, dist);
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
};

const bundleCommand = async () => {
  await build({
    ...shared,
    entryPoints: { swarmhub: "src/cli.ts" },
    outdir: beside,
    // A command is loaded when it is called for (`await import()`), so that --help reads little.
    splitting: true,
    // Beside the entry, since src/operator/assets.ts looks beside itself.
    chunkNames: "[name]-[hash]",
  });
  await chmod(join(beside, "swarmhub.js"), 0o755);
};

const bundlePrograms = () =>
  build({
    ...shared,
    entryPoints: programs,
    outdir: join(beside, "assets/images"),
    outExtension: { ".js": ".mjs" },
  });

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
  // ssh2 and docker-modem do without these: native code that only makes them faster.
  external: ["cpu-features", "*.node"],
  plugins: [withoutBuildKit],
  minify: true,
  keepNames: true,
  legalComments: "linked",
  logLevel: "warning",
};

await main();
