import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Lab } from "../lab.js";

const run = promisify(execFile);
const root = new URL("../../../../../", import.meta.url).pathname;

/** The packages of pytest that the hub's image lacks. */
const isPytest = (name: string): boolean =>
  /^(_?pytest|pytest_asyncio.*|pluggy|iniconfig|pygments|packaging|py\.py|typing_extensions\.py)$/.test(
    name,
  );
const tests = "__init__.py support/__init__.py support/real_docker.py support/wait.py"
  .split(" ")
  .map((name) => `tests/${name}`);

/** Runs hub/tests/support/real_docker.py in the hub's container of a running class; returns the output of pytest. */
export const runSpawnerTests = async (lab: Lab): Promise<string> => {
  const venv = process.env["HUB_VENV"];
  if (venv === undefined) throw new Error("HUB_VENV is not set; type: scripts/e2e");
  const [python = ""] = readdirSync(join(venv, "lib"));
  const packages = join(venv, "lib", python, "site-packages");
  const { stdout } = await run(
    "tar",
    [
      "-c",
      "-C",
      packages,
      ...readdirSync(packages).filter(isPytest),
      "-C",
      join(root, "hub"),
      ...tests,
    ],
    { encoding: "buffer", maxBuffer: 1 << 28 },
  );
  await lab.write(1, "/root/real-docker.tar", stdout);
  return lab.on(
    1,
    `hub=$(docker ps -q -f name=hub.1)
     docker exec -i $hub sh -c 'mkdir -p /tmp/real && tar -C /tmp/real -x' </root/real-docker.tar
     docker exec -w /tmp/real -e PYTHONPATH=/app:/tmp/real -e PYTHONDONTWRITEBYTECODE=1 $hub python -m pytest \
       -q --no-header --durations=3 -p no:cacheprovider -o asyncio_mode=auto -o asyncio_default_fixture_loop_scope=function tests/support/real_docker.py 2>&1 || true
     docker exec $hub rm -r /tmp/real`,
  );
};
