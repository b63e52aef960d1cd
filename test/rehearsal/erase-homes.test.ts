import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { slugOf } from "../../src/names.js";
import { eraseHomes } from "../../src/rehearsal/erase-homes.js";
import { localStorage } from "../homes/support/local-storage.js";

test("the homes of a rehearsal are erased with all that is theirs, and nobody else's", async (t) => {
  const { host, folder } = await localStorage(t);
  const [first, second, third] = [1, 2, 3].map((number) => slugOf(`Rehearsal-${number}`)) as [
    string,
    string,
    string,
  ];
  for (const home of [first, second, third, "ada"]) {
    await mkdir(join(folder, "homes", home));
    await writeFile(join(folder, "homes", home, "work"), "x");
    await writeFile(join(folder, "limits", home), "{}");
  }
  await symlink(join(folder, "homes/ada"), join(folder, "homes", first, "link"));
  await mkdir(join(folder, "handouts/homes", first), { recursive: true });
  await writeFile(join(folder, "pending", first), "");
  await writeFile(join(folder, "owners", first), `{"user": "Rehearsal-1"}\n`);
  await writeFile(join(folder, "owners", second), `{"user": "mallory"}\n`);
  t.is(await eraseHomes(host, [first, second, third, slugOf("Rehearsal-4")]), 2);
  t.deepEqual((await readdir(join(folder, "homes"))).toSorted(), ["ada", second].toSorted());
  t.deepEqual(await readdir(join(folder, "homes/ada")), ["work"]);
  t.deepEqual(await readdir(join(folder, "owners")), [second]);
  t.deepEqual((await readdir(join(folder, "limits"))).toSorted(), ["ada", second].toSorted());
  t.deepEqual(await readdir(join(folder, "pending")), []);
  t.deepEqual(await readdir(join(folder, "handouts/homes")), []);
  t.deepEqual(await readdir(join(folder, "trash")), []);
  t.is(await eraseHomes(host, [first, second, third]), 0);
});
