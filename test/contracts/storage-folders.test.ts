import test from "ava";
import {
  isHomeName,
  parseTrashEntry,
  storageFiles,
  storageFolders,
  storageRoot,
} from "../../contracts/storage-folders.js";
import { slugOf } from "../../src/names.js";
import { paths } from "../../src/paths.js";
import { folderModes } from "../../src/pieces/storage/disk.js";

test("the paths on the machines are those of the contract", (t) => {
  const { storage, limits, skeleton, skeletonNote, fenced } = paths;
  t.deepEqual(
    { storage, limits, skeleton, skeletonNote, fenced },
    {
      storage: storageRoot,
      limits: `${storageRoot}/${storageFiles.limits}`,
      skeleton: `${storageRoot}/${storageFolders.skeleton}`,
      skeletonNote: `${storageRoot}/${storageFiles.firstFilesNote}`,
      fenced: `${storageRoot}/${storageFolders.fenced}`,
    },
  );
});

test("`up` makes every folder of the contract, except the first files, which come with their content", (t) => {
  const { skeleton, ...folders } = storageFolders;
  t.is(skeleton, "skeleton");
  t.deepEqual(
    folderModes.map(({ name }) => name as string).toSorted(),
    Object.values(folders).toSorted(),
  );
});

test("every slug is the name of a home, and a name ends where it ends: no newline follows it", (t) => {
  for (const user of ["ada", "Grace Hopper", "a".repeat(60), "42", "-rf", "名前"])
    t.true(isHomeName(slugOf(user)), user);
  t.false(isHomeName("ada\n"));
  t.true(isHomeName("a".repeat(28)));
  t.false(isHomeName("a".repeat(29)));
});

test("an entry of the trash tells its home and the moment", (t) => {
  const deleted = new Date("2026-11-21T06:07:08Z");
  t.deepEqual(parseTrashEntry("ada.20261121T060708Z"), { home: "ada", deleted });
  for (const name of [
    "ada",
    "ada.2026",
    "ADA.20261121T060708Z",
    "..x.20261121T060708Z",
    "ada.20261399T060708Z",
    "ada\n.20261121T060708Z",
    "ada.20261121T060708Z\n",
    "erasing.ada.20261121T060708Z",
  ])
    t.is(parseTrashEntry(name), undefined, name);
});
