import test from "ava";
import { isHomeName, sharedHome } from "../../../contracts/storage-folders.js";
import {
  inspectSharedFolder,
  sharedFolderLine,
} from "../../../src/commands/status/shared-folder.js";
import { studentsOf } from "../../../src/commands/collect.js";
import { configuredLimits } from "../../../src/homes/set-limits.js";
import { ownedOf } from "../../../src/homes/select.js";
import { fakeCluster, fakeConfig, fakeHost } from "../../support/fakes.js";
import { bytesFrom } from "../../../src/config/values/units.js";

test("the shared folder has the configured limit, and is nobody's home", (t) => {
  t.true(isHomeName(sharedHome));
  const { storage, login } = fakeConfig();
  if (storage.kind === "temporary") return t.fail();
  t.deepEqual(configuredLimits({ ...storage, shared: bytesFrom("20G") }, login).homes, {
    [sharedHome]: { bytes: 20 * 2 ** 30 },
  });
  t.deepEqual(configuredLimits(storage, login).homes, {});
  const homes = ["zoe", sharedHome].map((name) => ({ name, user: name }));
  t.deepEqual(
    studentsOf(login, ownedOf(homes)).homes.map(({ name }) => name),
    ["zoe"],
  );
});

test("status asks nothing about a shared folder in a class without one", async (t) => {
  const manager = fakeHost("manager");
  t.is(await inspectSharedFolder(fakeCluster(manager)), undefined);
  t.deepEqual(manager.asked, []);
});

test("status says how full the shared folder is", (t) => {
  t.is(sharedFolderLine({ used: 3 * 2 ** 30, hard: 20 * 2 ** 30 }), "shared folder: 3 GB of 20 GB");
  t.regex(sharedFolderLine({ used: 0, hard: 0 }), /made when the first server starts/);
});
