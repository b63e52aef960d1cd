import { readFileSync } from "node:fs";
import test from "ava";
import { build } from "esbuild";

test("no file of the benchmarks' bundle finds the checkout by its own place, which the bundle changes", async (t) => {
  const { metafile } = await build({
    entryPoints: ["test/bench/bench.ts"],
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    format: "esm",
    packages: "external",
    outdir: "build/test/bench",
  });
  const files = Object.keys(metafile.inputs);
  t.true(files.includes("test/e2e/support/lab.ts"));
  const wrong = files.filter((path) => readFileSync(path, "utf8").includes('new URL("../'));
  t.deepEqual(wrong, []);
});
