import test from "ava";
import type { Host } from "../../src/host/host.js";
import type { Piece, Step } from "../../src/reconcile/piece.js";
import { reconcile } from "../../src/reconcile/reconcile.js";
import { fakeCluster, fakeHost, fakeReport, userError } from "../support/fakes.js";

const confirm = async (): Promise<boolean> => true;

test("a piece whose second plan is not empty did not converge", async (t) => {
  const a = fakeHost("a");
  const piece: Piece<null> = {
    name: "storage",
    inspect: async () => null,
    plan: () => [{ host: a, title: "mount /dev/vdb", run: async () => {} }],
    remove: () => [],
  };
  const opts = { report: fakeReport(), confirm };
  const error = await userError(reconcile([piece], fakeCluster(a), opts));
  t.regex(error.message, /^storage did not converge: .*\n {2}a: mount \/dev\/vdb$/s);
  t.is(opts.report.events.at(-1)?.type, "piece-failed");
});

/** A service that its host restarts `restarts` times after a step has seen it run. */
const restartingService = (
  host: Host,
  restarts: number,
): { piece: Piece<boolean>; log: string[] } => {
  const log: string[] = [];
  let left = restarts;
  let runs = false;
  const step = (title: string, waits: boolean): Step => ({
    host,
    title,
    waits,
    run: async () => {
      log.push(title);
      runs = left-- <= 0;
    },
  });
  return {
    log,
    piece: {
      name: "edge",
      inspect: async () => runs,
      plan: () => {
        if (runs) return [];
        return [log.length === 0 ? step("start the service", false) : step("wait for it", true)];
      },
      remove: () => [],
    },
  };
};

test("what has stopped to run right after its step is waited for once more", async (t) => {
  const a = fakeHost("a");
  const { piece, log } = restartingService(a, 1);
  const { changed } = await reconcile([piece], fakeCluster(a), { report: fakeReport(), confirm });
  t.deepEqual(log, ["start the service", "wait for it"]);
  t.is(changed, 2);
});

test("what does not keep running did not converge", async (t) => {
  const a = fakeHost("a");
  const { piece, log } = restartingService(a, Infinity);
  const error = await userError(
    reconcile([piece], fakeCluster(a), { report: fakeReport(), confirm }),
  );
  t.regex(error.message, /^edge did not converge: .*\n {2}a: wait for it$/s);
  t.deepEqual(log, ["start the service", "wait for it"]);
});
