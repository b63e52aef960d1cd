import test from "ava";
import { clusterAmong } from "../../../src/cluster/cluster.js";
import { agreeToMove } from "../../../src/commands/leave/move-servers.js";
import type { Terminal } from "../../../src/report/terminal.js";
import { fakeReport, userError } from "../../support/fakes.js";
import { sittingWorld } from "./support/class-with-servers.js";

const gibibyte = 2 ** 30;

/** What is asked before four servers leave the only worker, for a manager of that memory. */
const asked = async (managerMemory: number, answer?: string) => {
  const { cluster } = sittingWorld({ manager: managerMemory });
  const smaller = clusterAmong(cluster, { ...cluster.config, workers: [] }, []);
  const said: string[] = [];
  const terminal = {
    report: fakeReport(),
    ask: async (text: string) => {
      said.push(text);
      return answer;
    },
  } as unknown as Terminal;
  const ways = { now: true, whenIdle: false, grace: 0, yes: false };
  const error = await userError(agreeToMove(cluster, smaller, cluster.workers, terminal, ways));
  return { said: said.join("\n"), error };
};

test("who leaves the last worker moves to the manager, as far as it has seats", async (t) => {
  const { said, error } = await asked(4 * gibibyte, "no");
  t.regex(said, /^4 servers on worker: ada, bob, ghost, carl\n/);
  t.regex(said, /Elsewhere 2 seats are free, so not all will start again\./);
  t.regex(error.message, /^stopped: nobody's server was touched/);
});

test("where nobody is there to agree the same is in the error", async (t) => {
  const { error } = await asked(8 * gibibyte);
  t.regex(error.message, /4 servers on worker: ada, bob, ghost, carl/);
  t.notRegex(error.message, /not all will start/, "six seats for four servers");
});
