import { echo } from "./load/echo.js";
import { atOnce, connections, paced } from "./load/requests.js";
import type { Load, LoadResult } from "./load/result.js";
import { watch } from "./load/watch.js";

// The load generator, a process in the network namespace of the lab: its argument is a load as JSON, its output the result as JSON.

const run = (load: Load): Promise<LoadResult> => {
  switch (load.kind) {
    case "at once":
      return atOnce(load);
    case "paced":
      return paced(load);
    case "connections":
      return connections(load);
    case "echo":
      return echo(load);
    case "watch":
      return watch(load);
  }
};

const load = JSON.parse(process.argv[2] ?? "") as Load;
process.stdout.write(JSON.stringify(await run(load)));
process.exit(0);
