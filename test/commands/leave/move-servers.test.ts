import test from "ava";
import { clusterAmong } from "../../../src/cluster/cluster.js";
import { confirmMove } from "../../../src/commands/leave/move-servers.js";
import type { Terminal } from "../../../src/report/terminal.js";
import { fakeReport, userError } from "../../support/fakes.js";
import { classWithServers } from "./support/class-with-servers.js";

const gibibyte = 2 ** 30;

/** What is asked before four servers leave the only worker, with so much memory on the manager. */
const asked = async (managerMemory: number, answer?: string) => {
  const { cluster } = classWithServers({ manager: managerMemory });
  const smaller = clusterAmong(cluster, { ...cluster.config, workers: [] }, []);
  const questions: string[] = [];
  const terminal = {
    report: fakeReport(),
    ask: async (text: string) => {
      questions.push(text);
      return answer;
    },
  } as unknown as Terminal;
  const options = { now: true, whenIdle: false, grace: 0, yes: false };
  const error = await userError(confirmMove(cluster, smaller, cluster.workers, terminal, options));
  return { question: questions.join("\n"), error };
};

test("the servers of the last worker move to the manager, as far as it has seats", async (t) => {
  const { question, error } = await asked(4 * gibibyte, "no");
  t.regex(question, /^4 servers on worker: ada, bob, ghost, carl\n/);
  t.regex(question, /Other machines have 2 free seats, so not every server will restart\./);
  t.regex(error.message, /^stopped: no server was moved/);
});

test("without a terminal the error lists the same servers", async (t) => {
  const { error } = await asked(8 * gibibyte);
  t.regex(error.message, /4 servers on worker: ada, bob, ghost, carl/);
  t.notRegex(error.message, /not every server/, "six seats for four servers");
});
