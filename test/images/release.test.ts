import { Readable } from "node:stream";
import test from "ava";
import { obtainImage, releaseReference } from "../../src/images/release.js";
import { pulledName } from "../../src/images/pulled.js";
import type { OwnImage } from "../../src/operator/own-images.js";
import { images } from "../../src/pieces/images.js";
import { classOf, machinesOf, describeSteps } from "../support/class-of.js";
import { fakeHost } from "../support/fakes.js";

const hub: OwnImage = {
  name: "hub",
  reference: "swarmhub/hub:0123456789ab",
  target: "hub",
  context: [],
};
const registry = "quay.io/courses";
const digest = `sha256:${"7".repeat(64)}`;

/** A host whose registry has the named images, and the calls that reach its Docker. */
const hostWith = (published: string, architectures = ["amd64"]) => {
  const calls: string[] = [];
  const docker = {
    getImage: (name: string) => ({
      distribution: async () => {
        if (name !== published) throw Object.assign(new Error("no"), { statusCode: 404 });
        const Platforms = architectures.map((architecture) => ({ architecture, os: "linux" }));
        return { Descriptor: { digest }, Platforms };
      },
      tag: async ({ repo, tag }: { repo: string; tag: string }) =>
        void calls.push(`tag ${name} as ${repo}:${tag}`),
    }),
    version: async () => ({ Arch: "amd64" }),
    pull: async (name: string) => {
      calls.push(`pull ${name}`);
      return Readable.from([]);
    },
    buildImage: async (_context: unknown, { t }: { t: string }) => {
      calls.push(`build ${t}`);
      return Readable.from([]);
    },
  };
  return { calls, host: fakeHost("manager", { docker: docker as never }) };
};
const obtain = ({ host }: ReturnType<typeof hostWith>) =>
  obtainImage(host, hub, { className: "geo-101", registry, progress: () => {} });

test("an image that the registry has is pulled by its digest, marked as ours, and named by its content", async (t) => {
  const world = hostWith(`${registry}/hub:0123456789ab`);
  t.deepEqual(await obtain(world), { note: "pulled from quay.io/courses" });
  const byDigest = `${registry}/hub@${digest}`;
  t.deepEqual(world.calls, [
    `pull ${byDigest}`,
    `tag ${byDigest} as ${pulledName(hub.reference)}`,
    `tag ${byDigest} as ${hub.reference}`,
  ]);
});

test("an image of other content at the registry is not used: ours is built, and the note says so", async (t) => {
  const world = hostWith(`${registry}/hub:ba9876543210`);
  t.deepEqual(await obtain(world), {
    note: "built, because quay.io/courses did not answer with it",
  });
  t.deepEqual(world.calls, [`build ${hub.reference}`]);
});

test("an image for other processors is not used: a machine that pulled it could not run it", async (t) => {
  const arm = hostWith(`${registry}/hub:0123456789ab`, ["arm64"]);
  t.deepEqual(await obtain(arm), {
    note: "built, because quay.io/courses has it for arm64 only, and this machine is amd64",
  });
  t.deepEqual(arm.calls, [`build ${hub.reference}`]);

  const both = hostWith(`${registry}/hub:0123456789ab`, ["arm64", "amd64", "unknown"]);
  t.deepEqual(await obtain(both), { note: "pulled from quay.io/courses" });
});

test("a registry that does not say for which processors an image is, is trusted", async (t) => {
  const world = hostWith(`${registry}/hub:0123456789ab`, []);
  t.deepEqual(await obtain(world), { note: "pulled from quay.io/courses" });
});

test("the plan names the image at the registry, and that it may be built", (t) => {
  const cluster = classOf(0, { config: { engine: { registryMirrors: [], ownImages: registry } } });
  const have = {
    machines: machinesOf(cluster, { freeForHomes: 20 * 2 ** 30 }),
    own: [{ host: cluster.manager, wanted: [hub], missing: [hub], present: [] }],
    userImages: [],
    pulled: [],
    otherImages: new Map(),
  };
  t.deepEqual(describeSteps(images.plan(cluster.config, have, cluster)), [
    "manager: get the image hub (quay.io/courses/hub:0123456789ab, or built here if it is not there)",
  ]);
  t.is(releaseReference(registry, hub), "quay.io/courses/hub:0123456789ab");
});
