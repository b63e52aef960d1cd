import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import test from "ava";
import { waitUntil } from "../../../../src/wait.js";
import { logIn, newNotebook, openBrowser, runCell } from "../browser.js";
import { type Answer, type Lab, roomPassword } from "../lab.js";
import { enter } from "../user.js";
import { insideOf } from "./inside.js";

const storage = "/srv/swarmhub";
const home = `${storage}/homes/dora`;
const megabyte = 2 ** 20;

type Shop = { folder: string; swarmhub: (...command: string[]) => Promise<Answer> };

/** What the instructor does to homes, on a class whose manager, guest 1, has the storage with 60 MB for each. */
export const testCommands = (lab: Lab, { folder, swarmhub }: Shop): void => {
  const { account } = insideOf(lab);
  const address = `https://${lab.reachedAt(1)}`;

  test.serial("a limit set for a running server is seen in its notebook", async (t) => {
    const browser = await openBrowser(lab);
    try {
      const page = await logIn(browser, address, "dora", roomPassword);
      await newNotebook(page);
      const seen = runCell(page, waitFor(90 * megabyte));
      await waitUntil(
        () => lab.on(1, `cat ${home}/size || true`).then((size) => size || undefined),
        {
          deadline: 60_000,
          otherwise: () => new Error("the cell does not run"),
        },
      );
      t.is(await lab.on(1, `cat ${home}/size`), String(60 * megabyte));
      const { code, stdout, stderr } = await swarmhub("quota", "set", "dora", "90M");
      t.is(code, 0, stderr);
      t.regex(stdout, /dora +60 MB → 90 MB/);
      const when = Number(await seen);
      const asked = Number(await lab.on(1, `stat -c %.Y ${storage}/limits/dora`));
      t.log(`the notebook has it ${Math.round((when - asked) * 1000)} ms later`);
    } finally {
      await browser.close();
    }
  });

  test.serial("a limit of one's own outlives the watcher and up; `default` ends it", async (t) => {
    const hard = async () => (await account("dora")).hard;
    await lab.on(1, "docker restart swarmhub-quota");
    t.regex((await swarmhub("up")).stderr, /nothing had to change/);
    t.is(await hard(), 90 * 1024);
    t.is((await swarmhub("quota", "set", "dora", "default")).code, 0);
    t.is(await hard(), 60 * 1024);
  });

  test.serial("quota check finds what somebody changed by hand, and mends it", async (t) => {
    // The watcher would be quicker than the command.
    await lab.on(1, "docker stop swarmhub-quota");
    await lab.on(
      1,
      `id=$(xfs_io -r -c lsproj ${home} | tr -dc 0-9); xfs_quota -x -c "limit -p bhard=0 $id" ${storage}`,
    );
    const found = await swarmhub("quota", "check");
    t.is(found.code, 6, found.stderr);
    t.regex(found.stdout, /dora/);
    await lab.on(1, "docker start swarmhub-quota");
    const mended = await swarmhub("quota", "check", "--mend");
    t.is(mended.code, 0, mended.stdout + mended.stderr);
    t.is((await account("dora")).hard, 60 * 1024);
  });

  test.serial(
    "a home is archived, deleted with its server, and brought back byte for byte",
    async (t) => {
      const dora = await enter(address, "dora");
      t.true((await dora.start()).ready);
      await lab.on(
        1,
        `head -c 5000000 /dev/urandom >${home}/random && chown 1000:100 ${home}/random`,
      );
      const hash = await lab.on(1, `sha256sum <${home}/random`);
      const archived = await swarmhub("homes", "archive", "dora");
      t.is(archived.code, 0, archived.stderr);
      const again = await swarmhub("homes", "archive", "dora");
      t.not(again.code, 0, "nothing is overwritten");
      const gone = await swarmhub("homes", "delete", "dora", "--yes");
      t.is(gone.code, 0, gone.stderr);
      t.is(await lab.on(1, `ls -d ${home} 2>/dev/null || true`), "");
      t.is(await lab.on(1, "docker service ls -q -f name=nb-dora"), "", "her server is stopped");
      const back = await swarmhub("homes", "restore", "dora");
      t.is(back.code, 0, back.stderr);
      t.is(await lab.on(1, `sha256sum <${home}/random`), hash);
      t.is((await swarmhub("quota", "check")).code, 0);
      const unpacked = execFileSync("tar", ["-xzOf", join(folder, "dora.tar.gz"), "dora/random"], {
        maxBuffer: 1 << 24,
      });
      t.is(`${createHash("sha256").update(unpacked).digest("hex")}  -\n`, hash);
      await dora.leave();
    },
  );

  test.serial("what the trash began to erase is erased for good, and nothing else", async (t) => {
    for (const user of ["old", "new"]) {
      const person = await enter(address, user);
      t.true((await person.start()).ready);
      await person.leave();
      t.is((await swarmhub("homes", "delete", user, "--yes")).code, 0);
    }
    // As after the trash's days and the ten minutes for which the watcher then still looks at the clock.
    const begin = 'entry=$(ls -d old.*) && mv "$entry" "erasing.$entry"';
    await lab.on(1, `cd ${storage}/trash && ${begin} && touch ${storage}/limits.json`);
    const left = () => lab.on(1, `ls ${storage}/trash`);
    await waitUntil(async () => ((await left()).includes("erasing.") ? undefined : true), {
      deadline: 120_000,
      otherwise: () => new Error("it is still in the trash"),
    });
    t.regex(await left(), /^new[^\n]*\n$/);
    t.is((await swarmhub("homes", "restore", "new")).code, 0);
  });
};

/** A cell that writes the size of its disk to a file, and prints when it became another. */
const waitFor = (bytes: number): string =>
  `import shutil, time
from pathlib import Path
size = lambda: shutil.disk_usage('.').total
n = Path('size').write_text(str(size()))
while size() != ${bytes}: time.sleep(0.02)
print(time.time())`;
