import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { CommandError } from "../../../src/errors.js";
import { paths } from "../../../src/paths.js";
import { type FakeHost, fakeHost } from "../../support/fakes.js";

/** A storage host whose folders are in a temporary one, and whose commands run on this machine. */
export const localStorage = async (
  t: ExecutionContext,
): Promise<{ host: FakeHost; folder: string }> => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-homes-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  for (const name of ["homes", "owners", "pending", "limits", "groups", "trash"])
    await mkdir(join(folder, name));
  const host = fakeHost("node1");
  const local = (text: string): string => text.replaceAll(paths.storage, folder);
  host.run = ([program = "", ...words], { input, into } = {}) =>
    new Promise((resolve, reject) => {
      const options = { encoding: "buffer", maxBuffer: 2 ** 26 } as const;
      const child = execFile(program, words.map(local), options, (error, stdout, stderr) => {
        const output = { code: Number(error?.code ?? 0), stdout: "", stderr: stderr.toString() };
        into?.write(stdout);
        if (error === null) resolve(into === undefined ? stdout.toString() : "");
        else reject(new CommandError("node1", program, output));
      });
      child.stdin?.end(input);
    });
  host.script = (text) => host.run(["sh", "-c", text]);
  return { host, folder };
};

/** Replaces the two tools that need a real disk: the disk is mounted, and no account is used. */
export const withTools = async (host: FakeHost, folder: string): Promise<void> => {
  await mkdir(join(folder, "bin"));
  for (const name of ["mountpoint", "xfs_quota"]) {
    await writeFile(join(folder, "bin", name), "#!/bin/sh\nexit 0\n");
    await chmod(join(folder, "bin", name), 0o755);
  }
  const { script } = host;
  host.script = (text) => script(text.replace("PATH=", `PATH=${join(folder, "bin")}:`));
};
