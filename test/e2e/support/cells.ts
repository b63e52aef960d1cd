import { waitUntil } from "../../../src/wait.js";
import type { Lab } from "./lab.js";

/** How the cells of a kernel went since they were last counted anew: their number, the errors, and the longest time of one (s). */
type Cells = { count: number; errors: string[]; longest: number; since: string };

// Each cell writes to the home and to the container's own layer.
const program = `
import json, os, time
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(startup_timeout=180)
cells = {"count": 0, "errors": [], "longest": 0, "since": ""}
code = "open('/tmp/cell', 'w').write('x' * 10000); open('cell', 'w').write('x' * 1000)"
while True:
    if os.path.exists("/dev/shm/since"):
        with open("/dev/shm/since") as file:
            since = file.read()
        if since != cells["since"]:
            cells = {"count": 0, "errors": [], "longest": 0, "since": since}
    begun = time.monotonic()
    try:
        reply = client.execute_interactive(code, timeout=60, output_hook=lambda message: None)
        if reply["content"]["status"] != "ok":
            cells["errors"].append(str(reply["content"].get("evalue")))
    except Exception as error:
        cells["errors"].append(repr(error))
    took = time.monotonic() - begun
    cells["longest"] = max(cells["longest"], took)
    cells["count"] += 1
    with open("/dev/shm/cells.new", "w") as file:
        json.dump(cells, file)
    os.rename("/dev/shm/cells.new", "/dev/shm/cells")
    time.sleep(max(0, 1 - took))
`;

/** Runs a cell each second in a kernel of a user's container on a guest, until the container ends. */
export const startCells = async (lab: Lab, guest: number, container: string) => {
  await lab.write(guest, `/tmp/cells-${container}.py`, program);
  await lab.on(
    guest,
    `docker exec -i ${container} sh -c 'cat >/dev/shm/cells.py' </tmp/cells-${container}.py; rm /tmp/cells-${container}.py
docker exec -d ${container} python3 /dev/shm/cells.py`,
  );
  const read = async (): Promise<Cells | undefined> => {
    const text = await lab.on(
      guest,
      `docker exec ${container} cat /dev/shm/cells 2>/dev/null || true`,
    );
    return text === "" ? undefined : (JSON.parse(text) as Cells);
  };
  const least = (count: number): Promise<Cells> =>
    waitUntil(
      async () => {
        const cells = await read();
        return cells !== undefined && cells.count >= count ? cells : undefined;
      },
      { deadline: 240_000, every: 1000, otherwise: () => new Error("no cells were run") },
    );
  await least(3);
  return {
    /** Counts anew from the next cell on. */
    reset: async (): Promise<void> => {
      const since = String(Date.now());
      await lab.on(
        guest,
        `docker exec ${container} sh -c 'echo -n ${since} >/dev/shm/new && mv /dev/shm/new /dev/shm/since'`,
      );
      await waitUntil(async () => (await read())?.since === since || undefined, {
        deadline: 60_000,
        every: 200,
        otherwise: () => new Error("the cells are not counted anew"),
      });
    },
    /** The cells since then, when there are three or more. */
    seen: (): Promise<Cells> => least(3),
  };
};
