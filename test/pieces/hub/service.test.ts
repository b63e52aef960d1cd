import test from "ava";
import { hubSpec } from "../../../src/pieces/hub/service.js";
import { serviceSpec } from "../../../src/swarm/service-spec.js";
import { classOf } from "../../support/class-of.js";

test("the hub's memory is limited, so that requests to it cannot take that of the machine", async (t) => {
  const wanted = hubSpec(classOf(1).config, "{}", {}, "swarmhub/hub:1", undefined);
  const { Resources } = serviceSpec(wanted, "sha256:1").TaskTemplate;
  t.deepEqual(Resources, { Limits: { MemoryBytes: 768 * 2 ** 20 } });
});

test("only the hub gets the token of a repository, as a file", (t) => {
  const { config } = classOf(1);
  const targetsOf = (token: boolean) => {
    config.servers.content = {
      repository: "https://git.example.org/a",
      folder: "a",
      ...(token && { token: { kind: "env", name: "GIT_TOKEN" } }),
    };
    return hubSpec(config, "{}", {}, "swarmhub/hub:1", undefined).mounts.map(
      ({ Target }) => Target,
    );
  };
  t.true(targetsOf(true).includes("/run/secrets/content-token"));
  t.false(targetsOf(false).includes("/run/secrets/content-token"));
});
