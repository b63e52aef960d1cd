import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Figure, median } from "./figure.js";

const run = promisify(execFile);
const pairs = 20;

/** P6: `swarmhub --help` and a Node that does nothing, alternately, so that a busy moment affects both. */
export const measureStartUp = async (): Promise<Figure[]> => {
  const help: number[] = [];
  const nothing: number[] = [];
  for (let pair = -2; pair < pairs; pair += 1) {
    const ours = await timed(["dist/swarmhub.js", "--help"]);
    const bare = await timed(["-e", "0"]);
    if (pair < 0) continue; // the first pairs fill the cache of the disk
    help.push(ours);
    nothing.push(bare);
  }
  return [
    {
      bench: "P6",
      what: `\`swarmhub --help\`, median of ${pairs}`,
      ours: median(help),
      other: { name: "node -e 0", ms: median(nothing) },
      goal: { atMost: 120 },
    },
  ];
};

const timed = async (argv: string[]): Promise<number> => {
  const started = performance.now();
  await run(process.execPath, argv);
  return performance.now() - started;
};
