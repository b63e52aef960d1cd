import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { layersProgram } from "../../src/pieces/monitor/programs.js";
import { containerId, fakeMachine, runProgram, until } from "./support/machine.js";

const docker = "data/docker";
const configuration = (id: string) => `${docker}/containers/${id}/config.v2.json`;
const container = (letter: string, user: string, kilobytes: number, more = {}) => {
  const id = containerId(letter);
  return {
    [configuration(id)]: JSON.stringify({
      State: { Running: true, Pid: 0 },
      // A user can choose what is in the environment, but not a label.
      Config: { Env: ['A="swarmhub.user":"mallory"'], Labels: { "swarmhub.user": user } },
      ...more,
    }),
    [`${docker}/image/overlay2/layerdb/mounts/${id}/mount-id`]: id,
    [`${docker}/overlay2/${id}/diff/tmp/x`]: "x".repeat(kilobytes * 1024),
  };
};

const largest = (machine: string): Promise<unknown> =>
  until(() => {
    const path = join(machine, "reports/largest.json");
    return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as unknown) : undefined;
  });

// In place of the disk of this machine, which nobody knows.
const withDisk = (program: string, freeBytes: number, freeFiles = 100): string =>
  program
    .replace(
      "sub disks {",
      `sub disks { return {bytes => 100, freeBytes => ${freeBytes}, files => 100, freeFiles => ${freeFiles}} }\nsub real_disks {`,
    )
    .replace("100 * 2 ** 20", "100 * 2 ** 10")
    .replace("10_000", "5");

const sizes = (found: unknown) =>
  (found as { user: string; bytes: number }[]).map(
    ({ user, bytes }) => `${user} ${Math.round(bytes / 2 ** 20)} MB`,
  );

test("on a disk that is over 80 % full the three users of the largest layers are named, those of ended servers too", async (t) => {
  const machine = fakeMachine(t, {
    ...container("a", "ada", 1024),
    ...container("b", "bob", 3072),
    ...container("c", "carol", 4096),
    ...container("d", "carol", 4096),
    ...container("e", "dora", 2048),
    ...container("f", "", 9000),
    ...container("0", "eve", 9),
  });
  runProgram(t, withDisk(layersProgram(), 19), machine);
  t.deepEqual(sizes(await largest(machine)), ["carol 8 MB", "bob 3 MB", "dora 2 MB"]);
});

test("on a disk that is short of files their number counts", async (t) => {
  const many = Object.fromEntries(
    Array.from({ length: 9 }, (_, index) => [
      `${docker}/overlay2/${containerId("b")}/diff/${index}`,
      "",
    ]),
  );
  const machine = fakeMachine(t, {
    ...container("a", "ada", 1024),
    ...container("b", "bob", 1),
    ...many,
  });
  runProgram(t, withDisk(layersProgram(), 50, 19), machine);
  t.deepEqual(await largest(machine), [{ user: "bob", bytes: null, files: 12 }]);
});

test("on a disk with room nobody is named", async (t) => {
  const machine = fakeMachine(t, container("a", "ada", 1024));
  runProgram(t, withDisk(layersProgram(), 21), machine);
  t.deepEqual(await largest(machine), []);
});

test("with containerd's image store the layer is found among the mounts of the container, and only below Docker's folders", async (t) => {
  const mounted = (letter: string, pid: number, upper: string) => ({
    [configuration(containerId(letter))]: JSON.stringify({
      State: { Running: true, Pid: pid },
      Config: { Labels: { "swarmhub.user": `user-${letter}` } },
    }),
    [`proc/${pid}/mountinfo`]: `99 1 0:50 / / rw,relatime - overlay overlay rw,lowerdir=/l,upperdir=${upper},workdir=/w\n98 99 0:3 / /proc rw - proc proc rw\n`,
  });
  const snapshot = "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/7/fs";
  const machine = fakeMachine(t, {
    ...mounted("a", 41, snapshot),
    [`${snapshot.slice(1)}/tmp/x`]: "x".repeat(2 ** 21),
    ...mounted("b", 42, "/etc"),
    ...mounted("c", 43, "/var/lib/containerd/../../../etc"),
  });
  runProgram(t, withDisk(layersProgram(), 0), machine);
  t.deepEqual(sizes(await largest(machine)), ["user-a 2 MB"]);
});

test("a layer whose files cannot be counted in time is the first", async (t) => {
  const machine = fakeMachine(t, {
    ...container("a", "ada", 1024),
    ...container("b", "bob", 1),
    "bin/du": `#!/bin/sh\ncase "$*" in *bbbb*) sleep 60 ;; *) exec /usr/bin/du "$@" ;; esac\n`,
  });
  const program = withDisk(layersProgram(), 0)
    .replace('"du"', `"sh", "${machine}/bin/du"`)
    .replace("30, 120, 20)", "30, 120, 1)");
  runProgram(t, program, machine);
  const [first, second] = (await largest(machine)) as { user: string; bytes: number | null }[];
  t.deepEqual([first?.user, first?.bytes, second?.user], ["bob", null, "ada"]);
});
