import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import test from "ava";
import { waitUntil } from "../../../../src/wait.js";
import { newNotebook, openBrowser, openJupyterLab, runCell } from "../browser.js";
import { type CommandResult, type Lab, roomPassword } from "../lab.js";
import { logIn } from "../user.js";
import { homesIn } from "./inside.js";

const storage = "/srv/swarmhub";
const home = `${storage}/homes/dora`;
const megabyte = 2 ** 20;

type Workshop = { folder: string; swarmhub: (...command: string[]) => Promise<CommandResult> };

/** Tests the commands for homes, in a class whose manager, guest 1, has the storage with 60 MB for each home. */
export const testHomeCommands = (lab: Lab, { folder, swarmhub }: Workshop): void => {
  const { account } = homesIn(lab);
  const address = `https://${lab.reachableAddress(1)}`;

  test.serial("a new limit is visible in the notebook of a running server", async (t) => {
    const browser = await openBrowser(lab);
    try {
      const page = await openJupyterLab(browser, address, "dora", roomPassword);
      await newNotebook(page);
      const output = runCell(page, cellThatWaitsFor(90 * megabyte));
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
      const seen = Number(await output);
      const written = Number(await lab.on(1, `stat -c %.Y ${storage}/limits/dora`));
      t.log(`the notebook sees the limit ${Math.round((seen - written) * 1000)} ms later`);
    } finally {
      await browser.close();
    }
  });

  test.serial(
    "a limit for one user stays after a restart of the watcher and after up; `default` removes it",
    async (t) => {
      const hard = async () => (await account("dora")).hard;
      await lab.on(1, "docker restart warm-quota");
      t.regex((await swarmhub("up")).stderr, /nothing had to change/);
      t.is(await hard(), 90 * 1024);
      t.is((await swarmhub("quota", "set", "dora", "default")).code, 0);
      t.is(await hard(), 60 * 1024);
    },
  );

  test.serial("quota check finds a limit that was removed by hand, and repairs it", async (t) => {
    // A running watcher would repair the limit before the command runs.
    await lab.on(1, "docker stop warm-quota");
    await lab.on(
      1,
      `id=$(xfs_io -r -c lsproj ${home} | tr -dc 0-9); xfs_quota -x -c "limit -p bhard=0 $id" ${storage}`,
    );
    const drift = await swarmhub("quota", "check");
    t.is(drift.code, 6, drift.stderr);
    t.regex(drift.stdout, /dora/);
    await lab.on(1, "docker start warm-quota");
    const repaired = await swarmhub("quota", "check", "--mend");
    t.is(repaired.code, 0, repaired.stdout + repaired.stderr);
    t.is((await account("dora")).hard, 60 * 1024);
  });

  test.serial(
    "a home is archived, deleted with its server, and restored byte for byte",
    async (t) => {
      const dora = await logIn(address, "dora");
      t.teardown(() => dora.close());
      t.true((await dora.start()).ready);
      await lab.on(
        1,
        `head -c 5000000 /dev/urandom >${home}/random && chown 1000:100 ${home}/random`,
      );
      const hash = await lab.on(1, `sha256sum <${home}/random`);
      const archived = await swarmhub("homes", "archive", "dora");
      t.is(archived.code, 0, archived.stderr);
      const again = await swarmhub("homes", "archive", "dora");
      t.not(again.code, 0, "an archive is not overwritten");
      const deleted = await swarmhub("homes", "delete", "dora", "--yes");
      t.is(deleted.code, 0, deleted.stderr);
      t.is(await lab.on(1, `ls -d ${home} 2>/dev/null || true`), "");
      t.is(
        await lab.on(1, "docker service ls -q -f label=swarmhub.user=dora"),
        "",
        "her server is stopped",
      );
      const restored = await swarmhub("homes", "restore", "dora");
      t.is(restored.code, 0, restored.stderr);
      t.is(await lab.on(1, `sha256sum <${home}/random`), hash);
      t.is((await swarmhub("quota", "check")).code, 0);
      const unpacked = execFileSync("tar", ["-xzOf", join(folder, "dora.tar.gz"), "dora/random"], {
        maxBuffer: 1 << 24,
      });
      t.is(`${createHash("sha256").update(unpacked).digest("hex")}  -\n`, hash);
    },
  );

  test.serial(
    "the watcher completes an erasure that it began, and erases nothing else",
    async (t) => {
      for (const name of ["old", "new"]) {
        const user = await logIn(address, name);
        t.teardown(() => user.close());
        t.true((await user.start()).ready);
        t.is((await swarmhub("homes", "delete", name, "--yes")).code, 0);
      }
      // The state after the days of the trash and the ten minutes for which the watcher then observes the clock.
      const begin = 'entry=$(ls -d old.*) && mv "$entry" "erasing.$entry"';
      await lab.on(1, `cd ${storage}/trash && ${begin} && touch ${storage}/limits.json`);
      const list = () => lab.on(1, `ls ${storage}/trash`);
      await waitUntil(async () => ((await list()).includes("erasing.") ? undefined : true), {
        deadline: 120_000,
        otherwise: () => new Error("the home is still in the trash"),
      });
      t.regex(await list(), /^new[^\n]*\n$/);
      t.is((await swarmhub("homes", "restore", "new")).code, 0);
    },
  );
};

/** A cell that writes the size of its disk to a file, waits for another size, and prints the time. */
const cellThatWaitsFor = (bytes: number): string =>
  `import shutil, time
from pathlib import Path
size = lambda: shutil.disk_usage('.').total
n = Path('size').write_text(str(size()))
while size() != ${bytes}: time.sleep(0.02)
print(time.time())`;
