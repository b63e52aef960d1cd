import test from "ava";
import { paths } from "../../../src/paths.js";
import { hubConfiguration } from "../../../src/pieces/hub/settings.js";
import { storage } from "../../../src/pieces/storage.js";
import { exportsFile } from "../../../src/pieces/storage/exports.js";
import { classOf, machinesOf, planError } from "../../support/class-of.js";
import { fromFile, homes, mounted, nothing } from "../support/disk-states.js";

const temporary = { config: { storage: { kind: "temporary" as const } } };

/** The hub's settings of a class whose homes are on the storage server 10.77.0.13. */
const settings = (() => {
  const cluster = classOf(1, { server: true });
  return hubConfiguration(cluster.config, machinesOf(cluster), [], cluster).content;
})();

const plan = (cluster: ReturnType<typeof classOf>, files: Record<string, string>, disk = nothing) =>
  storage.plan(
    cluster.config,
    { machines: machinesOf(cluster, {}, { manager: { files } }), disk },
    cluster,
  );

for (const [what, options] of Object.entries({
  "become temporary": temporary,
  "move to the manager": fromFile(1),
}))
  test(`homes on a storage server that is no longer configured do not ${what} before \`swarmhub down\``, (t) => {
    const error = planError(t, () =>
      plan(classOf(1, options), { [paths.hubConfiguration]: settings }),
    );
    t.regex(
      error.message,
      /are on the storage server 10\.77\.0\.13, which is no longer in the configuration$/,
    );
    t.is(error.code, 3);
  });

test("a class whose manager has the homes is accepted, with another address too", (t) => {
  const files = {
    [paths.hubConfiguration]: settings,
    [paths.exports]: exportsFile(["10.77.0.13"], "10.77.0.11"),
  };
  t.deepEqual(plan(classOf(1, temporary), files, mounted), []);
});

test("a manager to which the disk was moved is accepted", (t) => {
  const cluster = classOf(1, fromFile(1));
  const moved = { ...nothing, device: homes };
  t.notThrows(() => plan(cluster, { [paths.hubConfiguration]: settings }, moved));
});

test("a configured storage server may have a new address", (t) => {
  const cluster = classOf(2, { server: true });
  t.notThrows(() => plan(cluster, { [paths.hubConfiguration]: settings }, mounted));
});

test("a class without a hub, or whose hub has no storage, is accepted", (t) => {
  const cluster = classOf(1, temporary);
  const none = hubConfiguration(cluster.config, machinesOf(cluster), [], cluster).content;
  t.deepEqual(plan(cluster, {}), []);
  t.deepEqual(plan(cluster, { [paths.hubConfiguration]: none }), []);
});
