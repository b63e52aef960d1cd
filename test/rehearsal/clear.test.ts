import test from "ava";
import { labels, slugOf } from "../../src/names.js";
import { clearRehearsal } from "../../src/rehearsal/clear.js";
import { classOf } from "../support/class-of.js";
import { fakeFacts, userError } from "../support/fakes.js";

const [mine = "", other = ""] = ["Rehearsal-2", "rehearsal-2"].map(slugOf);

/** A class of two machines whose hub answers `end` with this; `removed` has the volumes that were removed on both. */
const classWith = (left: string[]) => {
  const removed: string[] = [];
  const volume = (home: string, name = `swarmhub-geo-101-home-${home}`) => ({
    Name: name,
    Labels: { [labels.user]: home },
  });
  const docker = {
    listContainers: async () => [{ Id: "hub1" }],
    listVolumes: async () => ({
      Volumes: [volume(mine), volume(other), volume(mine, "their-own")],
    }),
    getVolume: (name: string) => ({ remove: async () => void removed.push(name) }),
  } as never;
  const cluster = classOf(1, {
    docker,
    answers: [
      ["swarmhub.services.rehearsal_api end", JSON.stringify({ left })],
      [/^perl -e .*/s, `${mine}\n`],
    ],
  });
  const units = { "docker.service": "active" } as never;
  for (const host of cluster.nodes) host.facts = async () => fakeFacts({ units });
  return { cluster, removed };
};

test("volumes of the people of a rehearsal are removed on every machine, and nobody else's", async (t) => {
  const { cluster, removed } = classWith([]);
  t.deepEqual(await clearRehearsal(cluster), { volumes: 2, homes: 1 });
  t.deepEqual(removed, [`swarmhub-geo-101-home-${mine}`, `swarmhub-geo-101-home-${mine}`]);
});

test("while a server of a rehearsal does not stop, its volume and its home stay", async (t) => {
  const { cluster, removed } = classWith(["Rehearsal-2"]);
  const error = await userError(clearRehearsal(cluster));
  t.is(error.message, "the servers of Rehearsal-2 did not stop in time");
  t.is(error.hint, "to try again, type: swarmhub rehearse --clear");
  t.deepEqual(removed, []);
});
