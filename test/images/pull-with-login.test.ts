import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import test from "ava";
import { images } from "../../src/pieces/images.js";
import { classOf, describeSteps, machinesOf, runAll } from "../support/class-of.js";
import { temporaryFolder } from "../support/temporary-folder.js";

test("each machine pulls with the login of the registry, which no step shows", async (t) => {
  const tag = "quay.io/geo/notebook:1";
  const given: unknown[] = [];
  const docker = {
    pull: async (name: string, { authconfig }: { authconfig?: unknown }) => {
      given.push([name, authconfig]);
      return Readable.from([]);
    },
    getImage: () => ({ tag: async () => {} }),
  };
  const file = join(temporaryFolder(), "token");
  await writeFile(file, "s3cret\n");
  const registries = {
    "quay.io": { user: "ada", password: { kind: "file" as const, path: file } },
  };
  const cluster = classOf(2, { docker: docker as never, config: { registries } });
  const have = {
    machines: machinesOf(cluster),
    own: [],
    pulled: [],
    otherImages: new Map(),
    userImages: [{ image: tag, reference: tag, wanted: tag, size: undefined, isOn: () => false }],
  };
  const steps = images.plan({ ...cluster.config, registries }, have, cluster);
  t.notRegex(describeSteps(steps).join(), /s3cret|ada/);
  await runAll(steps);
  const login = { username: "ada", password: "s3cret", serveraddress: "quay.io" };
  t.deepEqual(given, [
    [tag, login],
    [tag, login],
  ]);
});
