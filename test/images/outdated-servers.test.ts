import test from "ava";
import { outdatedSentence, outdatedServers } from "../../src/images/outdated-servers.js";
import { fakeCluster, fakeFacts, fakeHost } from "../support/fakes.js";

const digest = (digit: string) => `r@sha256:${digit.repeat(64)}`;

test("homes whose servers run an image that is no longer configured are listed", async (t) => {
  const Labels = { "swarmhub.class": "geo-101" };
  const server = (user: string, Image: string) => ({
    ID: user,
    Spec: { Name: `nb-${user}`, Labels, TaskTemplate: { ContainerSpec: { Image } } },
  });
  const docker = {
    info: async () => ({
      Swarm: { LocalNodeState: "active", NodeID: "m", ControlAvailable: true },
    }),
    listServices: async () => [
      server("bob", digest("1")),
      server("ada", digest("1")),
      server("eve", digest("2")),
    ],
    getImage: () => ({ inspect: async () => ({ Id: "sha256:2", RepoDigests: [digest("2")] }) }),
  };
  const facts = fakeFacts({ units: { "docker.service": "active" } });
  const cluster = fakeCluster(fakeHost("manager", { facts, docker: docker as never }));
  cluster.config.servers.image = "r:1";
  t.deepEqual(await outdatedServers(cluster), ["ada", "bob"]);
});

test("outdated servers are described in a sentence", (t) => {
  t.is(
    outdatedSentence(["ada"]),
    "1 server runs an outdated image (ada); it gets the new one when restarted",
  );
  t.regex(
    outdatedSentence(["ada", "bob"]),
    /^2 servers run an outdated image \(ada, bob\); they get/,
  );
});
