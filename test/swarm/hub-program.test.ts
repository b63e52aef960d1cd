import test, { type ExecutionContext } from "ava";
import { execa } from "execa";
import type { Docker } from "../../src/docker/client.js";
import { CommandError } from "../../src/errors.js";
import { runHubProgram } from "../../src/swarm/hub-program.js";
import { root } from "../support/root.js";
import { fakeCluster, fakeHost, userError } from "../support/fakes.js";

/** What running this module says, where the hub's container runs the Python of this machine. */
const failureOf = (t: ExecutionContext, module: string, { isRunning = true } = {}) => {
  const docker = { listContainers: async () => (isRunning ? [{ Id: "c0ffee" }] : []) };
  const manager = fakeHost("manager", { docker: docker as unknown as Docker });
  manager.run = async ([_docker, _exec, _i, _id, program = "", ...words]) => {
    const options = { cwd: `${root}/hub`, reject: false };
    const { exitCode = -1, stdout, stderr } = await execa(program, words, options);
    t.not(exitCode, 0);
    throw new CommandError("manager", "run it", { code: exitCode, stdout, stderr });
  };
  return userError(runHubProgram(fakeCluster(manager), [module], "nothing is announced", {}));
};

for (const module of ["swarmhub.nothing", "swarmhub.nothing.here"])
  test(`a hub without the module ${module} is older, and the hint is the command to type`, async (t) => {
    const { message, hint } = await failureOf(t, module);
    t.is(message, "manager: the hub is older than this swarmhub, so nothing is announced");
    t.is(hint, "to bring the class up to date, type `swarmhub up`");
  });

test("a hub that does not run is named with the command to type", async (t) => {
  const { message, hint } = await failureOf(t, "swarmhub.slug", { isRunning: false });
  t.is(message, "manager: the hub does not run, so nothing is announced");
  t.is(hint, "to start it, type `swarmhub up`");
});

test("any other failure of a module has its own words", async (t) => {
  const { message } = await failureOf(t, "another.package");
  t.regex(message, /No module named/);
});
