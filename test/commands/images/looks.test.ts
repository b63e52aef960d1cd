import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { looksText } from "../../../src/commands/images/looks.js";
import { paths } from "../../../src/paths.js";
import { fakeCluster, fakeFacts, fakeHost } from "../../support/fakes.js";
import { temporaryFolder } from "../../support/temporary-folder.js";

const image = "quay.io/jupyter/scipy-notebook:2026-11-02";
const look = {
  id: "sha256:1",
  image,
  home: "/home/jovyan",
  variables: [],
  replacesEntrypoint: false,
  packages: { jupyterhub: "6.1.1", jupyterlab: "4.6.6" },
  kernels: ["python3"],
  findings: ["it has no user 1000; add one"],
};
const classWith = (looks: readonly object[]) =>
  fakeCluster(
    fakeHost("manager", {
      facts: fakeFacts({ files: { [paths.imageLooks]: JSON.stringify({ looks }) } }),
    }),
  );

test("images ls shows what an image has, and each finding with what to write", async (t) => {
  t.deepEqual((await looksText(classWith([look]), false)).split("\n"), [
    image,
    "  has jupyterhub 6.1.1, jupyterlab 4.6.6",
    "  kernels: python3",
    "  home: /home/jovyan",
    "  ! it has no user 1000; add one",
  ]);
  const [found] = JSON.parse(await looksText(classWith([look]), true)) as object[];
  t.like(found, { image, tried: true, findings: look.findings });
});

test("a Dockerfile that was made is shown whole", async (t) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "requirements.txt"), "pandas\n");
  const cluster = classWith([]);
  const build = { folder, place: { file: "a", line: 1, column: 1 } };
  Object.assign(cluster.config.servers, { image: folder, build });
  const lines = (await looksText(cluster, false)).split("\n");
  t.deepEqual(lines.slice(0, 3), [
    folder,
    "  not tried yet; type `swarmhub up`",
    "  its Dockerfile is made from requirements.txt:",
  ]);
  t.true(lines.includes(`    FROM ${image}`));
  const [found] = JSON.parse(await looksText(cluster, true)) as { dockerfile: string }[];
  t.regex(found?.dockerfile ?? "", /^# Made by swarmhub/);
});

test("an image that was not tried yet is named too", async (t) => {
  t.is(await looksText(classWith([]), false), `${image}\n  not tried yet; type \`swarmhub up\``);
});
