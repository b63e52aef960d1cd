import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { assetPath, readAsset } from "../../src/operator/assets.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const folderWith = async (...files: string[]): Promise<string> => {
  const folder = temporaryFolder();
  for (const file of files) {
    await mkdir(join(folder, file, ".."), { recursive: true }).then(() =>
      writeFile(join(folder, file), file),
    );
  }
  return folder;
};

test("compiled code finds the templates of the checkout", (t) => {
  t.true(readAsset("templates/swarmhub.yaml").includes("name: geo-101"));
});

test("a bundle finds the assets beside it", async (t) => {
  const root = await folderWith("package.json", "templates/x", "dist/assets/templates/x");
  t.is(assetPath("templates/x", join(root, "dist")), join(root, "dist/assets/templates/x"));
});

test("without a bundle the nearest package.json marks the root", async (t) => {
  const root = await folderWith("package.json", "hub/x", "build/src/deep/y");
  t.is(assetPath("hub/x", join(root, "build/src/deep")), join(root, "hub/x"));
  t.is(assetPath("hub", join(root, "build/src/deep")), join(root, "hub"));
});

test("the error about a missing asset names both places", async (t) => {
  const root = await folderWith("package.json");
  t.throws(() => assetPath("templates/x", root), {
    message: `incomplete installation: templates/x is neither at ${root}/assets/templates/x nor at ${root}/templates/x`,
  });
});
