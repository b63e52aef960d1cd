import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { changeExports, exportsFile, fenceScript } from "../../../src/pieces/storage/exports.js";
import { waitUntil } from "../../../src/wait.js";
import { temporaryFolder } from "../../support/temporary-folder.js";
import { shellProblems } from "../support/shell.js";

const addresses = ["10.77.0.11", "10.77.0.12", "10.77.0.112"];
const exported = (address: string) => `/srv/swarmhub ${address}(`;

/** Runs the script in a folder with files in place of the kernel's and a fake exportfs that maintains the export table. */
const inFolder = async (t: ExecutionContext) => {
  const folder = temporaryFolder();
  const at = (name: string) => join(folder, name);
  for (const name of ["bin", "fenced"]) await mkdir(at(name));
  // It records its arguments and applies those that these tests use to the table.
  const exportfs = `#!/bin/sh
echo "$*" >>${at("asked")}
case $1 in
-u) grep -v "^/srv/swarmhub.\${2%%:*}(" ${at("etab")} >${at("etab.new")}; mv ${at("etab.new")} ${at("etab")} ;;
-o) printf '/srv/swarmhub\\t%s(%s)\\n' "\${3%%:*}" "$2" >>${at("etab")} ;;
esac
`;
  await writeFile(at("bin/exportfs"), exportfs, { mode: 0o755 });
  const lines = exportsFile(addresses, "10.77.0.11");
  await writeFile(at("exports"), lines);
  const table = lines.replaceAll(/^#.*\n/gm, "").replaceAll("swarmhub ", "swarmhub\t");
  await writeFile(at("etab"), `${table}/srv/others\t10.77.0.12(ro)\n`);
  await writeFile(at("threads"), "8\n");
  await writeFile(at("asked"), "");
  await writeFile(at("passes"), "");
  await writeFile(at("bin/sleep"), `#!/bin/sh\necho >>${at("passes")}\nexec /bin/sleep 0.05\n`, {
    mode: 0o755,
  });
  const script = fenceScript
    .replace("PATH=", `PATH=${at("bin")}:`)
    .replaceAll("/srv/swarmhub/fenced", at("fenced"))
    .replaceAll("/var/lib/nfs/etab", at("etab"))
    .replaceAll("/proc/fs/nfsd/threads", at("threads"))
    .replaceAll("/etc/exports.d/swarmhub.exports", at("exports"));
  const running = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(running, "exit");
  t.teardown(async () => {
    running.kill();
    await ended;
  });
  const passes = async () => (await readFile(at("passes"), "utf8")).length;
  let printed = "";
  running.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
  return {
    at,
    asked: () => readFile(at("asked"), "utf8"),
    printed: () => printed,
    table: () => readFile(at("etab"), "utf8"),
    becomes: (what: string, is: () => Promise<boolean>) =>
      waitUntil(async () => ((await is()) ? true : undefined), {
        deadline: 30_000,
        every: 20,
        otherwise: async () => new Error(`${what}: ${await readFile(at("etab"), "utf8")}`),
      }),
    /** Replaces the table in one step: half a table would look like one with missing exports. */
    setTable: async (content: string) => {
      await writeFile(at("etab.set"), content);
      await rename(at("etab.set"), at("etab"));
    },
    /** Waits until the script has made a whole pass from now on. */
    wholePass: async () => {
      // The current pass ends before the first sleep from now on, and the next one before the second.
      const before = await passes();
      await waitUntil(async () => ((await passes()) >= before + 2 ? true : undefined), {
        deadline: 30_000,
        every: 20,
        otherwise: () => new Error("the script makes no pass"),
      });
    },
  };
};

test("a fenced machine loses its export, and no other does", async (t) => {
  const { at, table, becomes, asked, printed } = await inFolder(t);
  await writeFile(at("fenced/10.77.0.12"), "");
  await becomes("withdrawn", async () => !(await table()).includes("\t10.77.0.12(rw"));
  t.is(await asked(), "-u 10.77.0.12:/srv/swarmhub\n");
  for (const other of ["\t10.77.0.11(rw", "\t10.77.0.112(rw", "/srv/others\t10.77.0.12(ro)"])
    t.true((await table()).includes(other), other);
  await becomes("printed", async () => printed() === "withdrew the export to 10.77.0.12\n");
});

test("a machine that is no longer fenced gets the same export again", async (t) => {
  const { at, table, becomes } = await inFolder(t);
  const before = (await table()).split("\n").toSorted();
  await writeFile(at("fenced/10.77.0.12"), "");
  await becomes("withdrawn", async () => !(await table()).includes("\t10.77.0.12(rw"));
  await rm(at("fenced/10.77.0.12"));
  await becomes("there again", async () => (await table()).includes("\t10.77.0.12(rw"));
  t.deepEqual((await table()).split("\n").toSorted(), before);
});

test("an export is withdrawn again after someone exported everything", async (t) => {
  const { at, table, setTable, becomes, asked } = await inFolder(t);
  const before = await table();
  await writeFile(at("fenced/10.77.0.12"), "");
  await becomes("withdrawn", async () => !(await table()).includes("\t10.77.0.12(rw"));
  await setTable(before);
  await becomes("withdrawn", async () => !(await table()).includes("\t10.77.0.12(rw"));
  t.is(await asked(), "-u 10.77.0.12:/srv/swarmhub\n".repeat(2));
});

test("other files in the folder are ignored", async (t) => {
  const { at, asked, wholePass } = await inFolder(t);
  for (const name of ["10.77.0.1", "*", "-a", "10.77.0.12(rw)", "$(reboot)"])
    await writeFile(at(`fenced/${name}`), "");
  await wholePass();
  t.is(await asked(), "");
});

test("a stopped server or a missing disk changes nothing", async (t) => {
  const { at, asked, setTable, wholePass } = await inFolder(t);
  await writeFile(at("threads"), "0\n");
  await wholePass();
  await setTable("");
  await wholePass();
  t.is(await asked(), "");
  await writeFile(at("threads"), "8\n");
  await wholePass();
  t.deepEqual(
    (await asked())
      .trim()
      .split("\n")
      .map((line) => line.split(" ").at(-1)),
    addresses.map((address) => `${address}:/srv/swarmhub`),
  );
});

test("a machine that has left loses its fence after its export, and a lost one keeps it", async (t) => {
  const folder = temporaryFolder();
  const at = (name: string) => join(folder, name);
  for (const name of ["bin", "fenced"]) await mkdir(at(name));
  const command = `#!/bin/sh\necho "\${0##*/} $* $(ls ${at("fenced")} | tr '\\n' ' ')" >>${at("asked")}\n`;
  for (const name of ["exportfs", "systemctl"])
    await writeFile(at(`bin/${name}`), command, { mode: 0o755 });
  const run = () =>
    execFileSync("sh", [
      "-ec",
      `PATH=${at("bin")}:$PATH\n${changeExports(["10.77.0.11", "10.77.0.12"]).replaceAll("/srv/swarmhub/fenced", at("fenced"))}`,
    ]);
  run();
  t.is(await readFile(at("asked"), "utf8"), "exportfs -ra \n");
  for (const address of ["10.77.0.1", "10.77.0.12"]) await writeFile(at(`fenced/${address}`), "");
  run();
  t.deepEqual((await readFile(at("asked"), "utf8")).split("\n").slice(1, -1), [
    "exportfs -ra 10.77.0.1 10.77.0.12 ",
    "systemctl -q try-restart swarmhub-fence.service 10.77.0.1 10.77.0.12 ",
    "exportfs -u 10.77.0.12:/srv/swarmhub 10.77.0.12 ",
  ]);
  t.is(shellProblems(changeExports(addresses)), "");
});

test("the script passes `sh -n` and shellcheck", (t) => {
  t.is(shellProblems(fenceScript), "");
});

test("the script matches the exports that swarmhub writes", (t) => {
  for (const address of addresses)
    t.true(exportsFile(addresses, "10.77.0.11").includes(exported(address)));
});
