import type { Took } from "../../contracts/watcher-status.js";
import { parentName, parseLsattr } from "../../contracts/xfs.js";
import { type Lab, bootLab, workshop } from "../e2e/support/lab.js";
import { type Figure, median, seconds } from "./figure.js";
import { installTools, makeHomes, measureLimits } from "./limits.js";
import type { Report } from "./measure-no-op.js";
import type { Benchmark } from "./progress.js";

const storage = "/srv/swarmhub";
const megabytes = 2 ** 20;

/** P5, on one machine with a disk: new homes compared with other ways to limit them (p5a); 10,000 homes, then 20,000 more at once (p5b). */
export const measureHomes = async (
  wanted: readonly Benchmark[],
  keep: boolean,
  { attempt, add, note, finish }: Report,
): Promise<void> => {
  const lab = await bootLab("bench-homes", 1, 3072, { prepared: true });
  try {
    const { swarmhub } = await workshop(lab, yamlOf(lab));
    const up = await swarmhub("up", "--yes");
    if (up.code !== 0) throw new Error(`swarmhub up: ${up.stderr}`);
    await installTools(lab);
    if (wanted.includes("p5a"))
      await attempt("P5a: new homes", async () => add(await measureLimits(lab, 20 * megabytes)));
    finish("p5a");
    if (!wanted.includes("p5b")) return;
    await attempt("P5b: 10,000 homes", async () => {
      await makeHomes(lab, "class-", 10_000, 20 * megabytes);
      add([await passFigure(lab)]);
      const lines = [`- a new home among them: ${await newHome(lab)}`];
      for (const command of ["quota ls", "quota check", "quota set --all 20M"]) {
        const { code, stderr, ms } = await swarmhub(...command.split(" "));
        lines.push(`- \`swarmhub ${command}\`: ${code === 0 ? seconds(ms) : stderr}`);
      }
      lines.push(`- a restart of the watcher, until it limits a new home: ${await restart(lab)}`);
      note("P5: among 10,000 homes", lines.join("\n"));
    });
    await attempt("P5b: 20,000 more at once", async () => {
      const { made, all, last } = await makeHomes(lab, "burst-", 20_000, 20 * megabytes);
      const folder = `${storage}/homes`;
      const attributes = parseLsattr(await inWatcher(lab, `lsattr -pa ${folder}`), folder);
      attributes.delete(parentName);
      const ids = [...attributes.values()].map(({ projectId }) => projectId);
      if (ids.length < 30_000) throw new Error(`lsattr lists ${ids.length} homes`);
      const shared = ids.length - new Set(ids).size;
      note(
        "P5: 20,000 at once in addition to 10,000",
        `Created within ${seconds(made * 1000)}, all limited after ${seconds(all * 1000)}, the longest wait ${seconds(last * 1000)}; ${ids.length} homes, ${shared} shared ids.`,
      );
    });
  } finally {
    if (!keep) await lab.lab("down");
  }
};

/** The time of a full scan with nothing to do, measured alternately with lsattr alone. */
const passFigure = async (lab: Lab): Promise<Figure> => {
  const bare: number[] = [];
  const ours: number[] = [];
  // The scan during the creation of 10,000 homes took long, which delays the next one.
  await lab.on(1, "docker restart bench-homes-quota");
  await nextFullScan(lab);
  for (let turn = 1; turn <= 3; turn++) {
    bare.push(Number(await inWatcher(lab, timed(`lsattr -pa ${storage}/homes >/dev/null`))));
    ours.push(await nextFullScan(lab));
  }
  return {
    bench: "P5b",
    what: "a pass over 10,000 homes with nothing to do",
    ours: median(ours),
    other: { name: "one bare lsattr -p", ms: median(bare) },
    goal: { ratio: 2 },
  };
};

/** Waits for the next full scan of the watcher, and returns its time with the following pass; milliseconds. */
const nextFullScan = async (lab: Lab): Promise<number> => {
  const status = `${storage}/watcher.json`;
  // One command with few polls: each poll starts a process on the single core of the machine.
  const output = await lab.on(
    1,
    `scan() { grep '"fullScan"' ${status} || true; }
before=$(scan)
for poll in $(seq 84); do
  sleep 5
  now=$(scan)
  [ -z "$now" ] || [ "$now" = "$before" ] || exec cat ${status}
done
echo "the watcher made no full scan within seven minutes" >&2; exit 1`,
  );
  const { took } = JSON.parse(output) as { took: Required<Took> };
  return took.fullScan + took.pass;
};

const newHome = async (lab: Lab): Promise<string> => {
  const times: number[] = [];
  for (let turn = 1; turn <= 5; turn++)
    times.push((await makeHomes(lab, `among${turn}-`, 1, 20 * megabytes)).last * 1000);
  return `${seconds(median(times))} (${times.map(seconds).join(", ")})`;
};

const restart = async (lab: Lab): Promise<string> => {
  const started = performance.now();
  await lab.on(1, "docker restart bench-homes-quota");
  await makeHomes(lab, "restarted-", 1, 20 * megabytes);
  return seconds(performance.now() - started);
};

/** Runs a script in the watcher's container, because the machine itself may have no lsattr. */
const inWatcher = (lab: Lab, script: string): Promise<string> =>
  lab.on(1, `docker exec bench-homes-quota sh -ec '${script}'`);

/** A shell line that prints the time of a command in milliseconds. */
const timed = (command: string): string =>
  `started=$(date +%s%N); ${command}; echo $((($(date +%s%N) - started) / 1000000))`;

const yamlOf = (lab: Lab): string => `name: bench-homes
manager: node1
storage: {device: /dev/ubdb, quota: 20M, files: 1k}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${lab.image}", memory: 400M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`;
