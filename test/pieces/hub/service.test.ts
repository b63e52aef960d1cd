import test from "ava";
import type { GitContent } from "../../../src/config/types.js";
import { hubSpec } from "../../../src/pieces/hub/service.js";
import { serviceSpec } from "../../../src/swarm/service-spec.js";
import { classOf } from "../../support/class-of.js";

test("the hub's memory is limited, so that requests to it cannot take that of the machine", async (t) => {
  const wanted = hubSpec(classOf(1).config, "{}", {}, "swarmhub/hub:1", undefined);
  const { Resources } = serviceSpec(wanted, "sha256:1").TaskTemplate;
  t.deepEqual(Resources, { Limits: { MemoryBytes: 768 * 2 ** 20 } });
});

test("the hub gets the token and the root certificate of a repository as files, where there are any", (t) => {
  const { config } = classOf(1);
  const filesWith = (more: Partial<GitContent>) => {
    config.servers.content = { repository: "https://git.example.org/a", folder: "a", ...more };
    return hubSpec(config, "{}", {}, "swarmhub/hub:1", undefined)
      .mounts.map(({ Target }) => String(Target))
      .filter((path) => path.includes("content"));
  };
  t.deepEqual(filesWith({}), []);
  t.deepEqual(filesWith({ token: { kind: "env", name: "GIT_TOKEN" }, ca: "/ca.pem" }), [
    "/run/secrets/content-token",
    "/run/secrets/content-ca",
  ]);
});
