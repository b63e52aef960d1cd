import test from "ava";
import type { Piece } from "../src/piece.js";
import { warnOfProblems } from "../src/problems.js";
import { fakeCluster, fakeHost, fakeReport } from "./fakes.js";

test("what no step can mend is warned of, piece by piece; most pieces know of nothing", async (t) => {
  const piece = (name: string, problems?: Piece["problems"]): Piece => ({
    name,
    inspect: async () => name,
    plan: () => [],
    remove: () => [],
    ...(problems && { problems }),
  });
  const report = fakeReport();
  const all = [
    piece("engine"),
    piece("seats", (have, { manager }) => [`${manager.name}: ${String(have)} are kept`]),
  ];
  await warnOfProblems(all, fakeCluster(fakeHost("manager")), report);
  t.deepEqual(report.events, [{ type: "warning", text: "manager: seats are kept" }]);
});
