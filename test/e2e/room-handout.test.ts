import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { artefactFolder } from "./support/artefacts.js";
import { outputOf } from "./support/isolated-program.js";

test("a teacher without admin rights hands out a folder and files on the page of the room, and collects the work of all", async (t) => {
  t.timeout(300_000);
  const pictures = await artefactFolder("room-handout");
  t.log(`screenshots: ${pictures}`);
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-room-handout-"));
  const seen = JSON.parse(
    await outputOf("room-handout/program", { argv: [folder, pictures] }),
  ) as object;
  await rm(folder, { recursive: true });
  t.log(seen);
  const columns = ["Name", "New"];
  t.deepEqual(seen, {
    "before the confirmation": {},
    "table of a folder": [columns, ["amira", "2"], ["ben", "2"], ["carla", "2"]],
    "button afterwards": "disabled",
    "ben has": { "week2/hw1.ipynb": "first", "week2/data/größe.csv": "1,2" },
    "table of the second version": [
      ["Name", "Replaced", "Beside", "As before", "Left", "Note"],
      ["amira", "1", "", "1", "", ""],
      ["ben", "", "1", "1", "", "week2/hw1.ipynb was changed"],
      ["carla", "", "", "1", "1", "week2/hw1.ipynb was deleted by the student"],
    ],
    "axe, hand out": [],
    "ben keeps": {
      "week2/hw1.ipynb": "mine",
      "week2/hw1 (new 2).ipynb": "second",
      "week2/data/größe.csv": "1,2",
    },
    "amira has": {
      "week2/hw1.ipynb": "second",
      "week2/data/größe.csv": "1,2",
      "notes.md": "notes",
      "more.md": "more",
    },
    "table of what was collected": [
      ["Name", "State", "Size", "Note"],
      ["amira", "changed", "7 bytes", ""],
      ["ben", "changed", "4 bytes", ""],
      ["carla", "missing", "", ""],
      ["dmitri", "missing", "", "has never started a server"],
    ],
    "axe, collect": [],
    "name of the archive": "hw1.zip",
    "files of the archive": [
      "./submitted/amira/hw1/hw1.ipynb",
      "./submitted/amira/hw1/timestamp.txt",
      "./submitted/ben/hw1/hw1.ipynb",
      "./submitted/ben/hw1/timestamp.txt",
    ],
    "work of ben": "mine",
    "axe, phone": [],
    "pixels beside a phone": 0,
    "axe, dark": [],
    "errors of the page": [],
  });
});
