import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { layersProgram } from "../../src/pieces/monitor/programs.js";
import { containerId, fakeMachine, runProgram, until } from "./support/machine.js";

const docker = "data/docker";

/** A container of a user whose layer has a file of so many kilobytes, which are all allocated. */
const container = (letter: string, user: string, kilobytes: number) => {
  const id = containerId(letter);
  return {
    [`${docker}/containers/${id}/config.v2.json`]: JSON.stringify({
      State: { Running: true, Pid: 0 },
      Config: { Labels: { "swarmhub.user": user } },
    }),
    [`${docker}/image/overlay2/layerdb/mounts/${id}/mount-id`]: id,
    [`${docker}/overlay2/${id}/diff/tmp/x`]: "x".repeat(kilobytes * 1024),
  };
};

/** The file with the free bytes of the machine's disk; a server is ended below 1000, if that gives 1 MB. */
const withGuardedDisk = (program: string, machine: string): string =>
  program
    .replace(
      "sub disks {",
      `sub disks { my ($bytes, $files) = split " ", content("${machine}/free"); return {bytes => 2000, freeBytes => $bytes, files => 100, freeFiles => $files} }\nsub real_disks {`,
    )
    .replace("(bytes => 512 * 2 ** 20, files => 5_000)", "(bytes => 1000, files => 50)")
    .replace("(bytes => 200 * 2 ** 20, files => 20_000)", "(bytes => 2 ** 20, files => 6)")
    .replace("(10, 20, 3)", "(10, 20, 0)");

/** A Docker that removes the layer of a container, and answers the requests that it got. */
const fakeDocker = async (t: ExecutionContext, machine: string, onEnd = () => {}) => {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const [, id = "none"] = /containers\/(\w+)/.exec(request.url ?? "") ?? [];
    rmSync(join(machine, docker, "overlay2", id), { recursive: true, force: true });
    rmSync(join(machine, docker, "containers", id), { recursive: true, force: true });
    onEnd();
    response.writeHead(204).end();
  });
  const path = join(machine, "run/docker.sock");
  mkdirSync(dirname(path), { recursive: true });
  await once(server.listen(path), "listening");
  t.teardown(() => server.close());
  return requests;
};

const setFree = (machine: string, bytes: number, files = 100): void =>
  writeFileSync(join(machine, "free"), `${bytes} ${files}`);

const ended = (
  machine: string,
): { user: string; bytes: number | null; at: number }[] | undefined => {
  const path = join(machine, "reports/ended.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as never) : undefined;
};

test("when the disk is nearly full the server with the largest layer is ended, and nobody else", async (t) => {
  const machine = fakeMachine(t, {
    ...container("a", "ada", 2048),
    ...container("b", "bob", 4096),
    ...container("c", "carol", 3072),
  });
  setFree(machine, 5000);
  const requests = await fakeDocker(t, machine, () => setFree(machine, 5000));
  runProgram(t, withGuardedDisk(layersProgram(), machine), machine);
  await until(() => existsSync(join(machine, "reports/largest.json")) || undefined);
  t.deepEqual(requests, []);
  setFree(machine, 999);
  const [first, ...others] = await until(() => ended(machine));
  t.is(first?.user, "bob");
  t.true((first?.bytes ?? 0) >= 4 * 2 ** 20);
  t.true(Math.abs((first?.at ?? 0) - Date.now() / 1000) < 30);
  t.deepEqual(others, []);
  t.deepEqual(requests, [`DELETE /containers/${containerId("b")}?force=1`]);
  setFree(machine, 999);
  await until(() => (ended(machine)?.length === 2 ? true : undefined));
  t.deepEqual(
    ended(machine)?.map(({ user }) => user),
    ["carol", "bob"],
  );
});

test("a log that grows without end counts as its server's", async (t) => {
  const machine = fakeMachine(t, {
    ...container("a", "ada", 2048),
    ...container("b", "bob", 1),
    [`${docker}/containers/${containerId("b")}/${containerId("b")}-json.log`]: "x".repeat(2 ** 22),
  });
  setFree(machine, 10);
  await fakeDocker(t, machine, () => setFree(machine, 5000));
  runProgram(t, withGuardedDisk(layersProgram(), machine), machine);
  t.is((await until(() => ended(machine)))[0]?.user, "bob");
});

test("on a disk that is short of files, who made most of them is ended", async (t) => {
  const machine = fakeMachine(t, {
    ...container("a", "ada", 4096),
    ...Object.fromEntries(
      Array.from({ length: 9 }, (_, index) => [
        `${docker}/overlay2/${containerId("b")}/diff/${index}`,
        "",
      ]),
    ),
    ...container("b", "bob", 1),
  });
  setFree(machine, 5000, 49);
  await fakeDocker(t, machine, () => setFree(machine, 5000));
  runProgram(t, withGuardedDisk(layersProgram(), machine), machine);
  const [first] = await until(() => ended(machine));
  t.is(first?.user, "bob");
  t.is(first?.bytes, null);
});

test("nobody is ended for a disk that others than the users filled, and a sparse file is none", async (t) => {
  const machine = fakeMachine(t, {
    ...container("a", "ada", 512),
    ...container("b", "bob", 1),
    ...container("c", "", 9000),
  });
  truncateSync(join(machine, docker, "overlay2", containerId("b"), "diff/tmp/x"), 2 ** 30);
  setFree(machine, 10);
  const requests = await fakeDocker(t, machine);
  runProgram(t, withGuardedDisk(layersProgram(), machine), machine);
  await until(() => existsSync(join(machine, "reports/largest.json")) || undefined);
  await new Promise((resolve) => setTimeout(resolve, 500));
  t.deepEqual(requests, []);
  t.is(ended(machine), undefined);
});
