import { readFile } from "node:fs/promises";
import Dockerode from "dockerode";
import { connect } from "../../src/host/connect.js";
import type { Figure } from "./figure.js";
import type { Bench } from "./lab.js";

const calls = 20;

/** P3: lists node1's containers 20 times, one after the other and at once, with and without the time to connect. */
export const measureDockerCalls = async (bench: Bench): Promise<Figure[]> => {
  const asDebian = await ours(bench.lab.sshConfig);
  const asRoot = await ours(bench.rootSshConfig);
  const stock = await theirs(bench);
  const failed = stock.failed === 0 ? "" : ` (${stock.failed} of ${calls} failed)`;
  return [
    figure("one after the other, as root", asRoot.sequential, stock.sequential, 1100),
    figure("the same, connecting included", asRoot.connected + asRoot.sequential, stock.sequential),
    figure("one after the other, by sudo", asDebian.sequential, stock.sequential, 1100),
    figure(
      "the same, connecting included",
      asDebian.connected + asDebian.sequential,
      stock.sequential,
    ),
    figure(`at once, as root${failed}`, asRoot.parallel, stock.parallel),
    figure(`at once, by sudo${failed}`, asDebian.parallel, stock.parallel),
  ];
};

const figure = (what: string, ms: number, other: number, atMost?: number): Figure => ({
  bench: "P3",
  what: `${calls} Docker calls at 50 ms, ${what}`,
  ours: ms,
  other: { name: "dockerode's ssh, as root", ms: other },
  ...(atMost !== undefined && { goal: { atMost } }),
});

const ours = async (sshConfigFile: string) => {
  let host: Awaited<ReturnType<typeof connect>> | undefined;
  const connected = await timed(async () => {
    host = await connect("node1", { sshConfigFile, acceptNewHostKeys: false });
  });
  if (host === undefined) throw new Error("connect returned no host");
  const { docker, close } = host;
  try {
    const times = await measureCalls(() => docker.listContainers());
    return { connected, ...times };
  } finally {
    await close();
  }
};

const theirs = async ({ lab, key }: Bench) => {
  const docker = new Dockerode({
    protocol: "ssh",
    host: lab.address(1),
    port: 22,
    username: "root",
    sshOptions: { privateKey: await readFile(key, "utf8") },
  });
  return measureCalls(() => docker.listContainers());
};

const measureCalls = async (call: () => Promise<unknown>) => {
  const sequential = await timed(async () => {
    for (let left = calls; left > 0; left -= 1) await call();
  });
  let failed = 0;
  const parallel = await timed(async () => {
    const answers = await Promise.allSettled(Array.from({ length: calls }, call));
    failed = answers.filter(({ status }) => status === "rejected").length;
  });
  return { sequential, parallel, failed };
};

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return performance.now() - started;
};
