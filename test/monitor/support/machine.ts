import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ExecutionContext } from "ava";

/** A container's id of one letter. */
export const containerId = (letter: string): string => letter.repeat(64);

/** A folder with the files that the programs read of a machine; answers its path. Docker's folder is /data/docker. */
export const fakeMachine = (t: ExecutionContext, more: Record<string, string> = {}): string => {
  const root = mkdtempSync(join(tmpdir(), "monitor-"));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries({ ...files, ...more })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
};

/** Runs a program of the monitor with this machine's perl on a fake machine; there a second takes 50 ms. */
export const runProgram = (
  t: ExecutionContext,
  program: string,
  root: string,
  words: readonly string[] = [],
) => {
  const path = join(root, "program");
  writeFileSync(path, program);
  const running = spawn("perl", [path, ...words], {
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      PATH: process.env["PATH"],
      SWARMHUB_ROOT: root,
      SWARMHUB_SECOND: "0.05",
      RUNTIME_DIRECTORY: join(root, "reports"),
    },
  });
  const closed = once(running, "close");
  t.teardown(async () => {
    running.kill("SIGTERM");
    await closed;
  });
  return {
    get exitCode() {
      return running.exitCode;
    },
    /** The CPU time so far; the kernel counts in hundredths of a second. */
    cpuSeconds: (): number => {
      const fields = readFileSync(`/proc/${running.pid}/stat`, "utf8").split(") ")[1]?.split(" ");
      return (Number(fields?.[11]) + Number(fields?.[12])) / 100;
    },
  };
};

/** Looks every 20 ms until there is a value, 30 s at most. */
export const until = async <Value>(
  look: () => Value | undefined | Promise<Value | undefined>,
): Promise<Value> => {
  const end = Date.now() + 30_000;
  while (Date.now() < end) {
    const value = await look();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("there was no value within 30 s");
};

/** A port of 127.0.0.1 that nobody uses. */
export const freePort = async (): Promise<number> => {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as { port: number };
  await once(server.close(), "close");
  return port;
};

const scope = (letter: string): string =>
  `sys/fs/cgroup/system.slice/docker-${containerId(letter)}.scope`;

const files: Record<string, string> = {
  "reports/.keep": "",
  "etc/docker/daemon.json": '{\n  "data-root": "/data/docker"\n}\n',
  "data/docker/.keep": "",
  "proc/meminfo": "MemTotal:       16384000 kB\nMemFree: 1 kB\nMemAvailable:    8192000 kB\n",
  "proc/uptime": "3600.25 7000.00\n",
  "proc/loadavg": "0.52 0.40 0.30 1/200 1234\n",
  "proc/stat": "cpu  100 1 50 9000 40 2 3 0 0 0\ncpu0 1\ncpu1 1\nintr 5\n",
  "run/swarmhub/layers/largest.json": '[{"bytes":7000000000,"files":1200000,"user":"carol"}]',
  "run/swarmhub/layers/ended.json": `[{"at":1790000000,"bytes":8000000000,"container":"${containerId("d")}","files":12,"user":"dora"}]`,
  [`${scope("a")}/memory.current`]: "900000000\n",
  [`${scope("a")}/memory.stat`]: "anon 1\ninactive_file 200000000\nactive_file 5\n",
  [`${scope("a")}/memory.max`]: "1073741824\n",
  [`${scope("a")}/memory.events`]: "low 0\noom 3\noom_kill 2\noom_group_kill 9\n",
  [`${scope("a")}/pids.current`]: "17\n",
  [`${scope("a")}/cpu.stat`]: "usage_usec 5000000\nnr_periods 400\nnr_throttled 30\n",
  // Of Docker's other driver of cgroups; a kernel without some files.
  [`sys/fs/cgroup/docker/${containerId("b")}/memory.current`]: "1000\n",
  [`sys/fs/cgroup/docker/${containerId("b")}/memory.max`]: "max\n",
  [`sys/fs/cgroup/docker/${containerId("b")}/pids.current`]: "1\n",
  "sys/fs/cgroup/docker/cgroup.procs": "",
};
