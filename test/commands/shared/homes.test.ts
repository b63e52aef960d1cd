import test from "ava";
import { temporarySentence } from "../../../src/commands/shared/homes.js";
import { durationFrom } from "../../../src/config/values/units.js";
import { fakeConfig } from "../../support/fakes.js";

test("only a class whose homes are temporary says so, and when servers are stopped by themselves", (t) => {
  const { servers } = fakeConfig();
  const storage = { kind: "temporary" } as const;
  t.is(temporarySentence(fakeConfig()), undefined);
  t.is(
    temporarySentence(fakeConfig({ storage })),
    "homes are temporary: what somebody saves is gone when their server stops",
  );
  t.is(
    temporarySentence(fakeConfig({ storage, servers: { ...servers, idle: durationFrom("90m") } })),
    "homes are temporary: what somebody saves is gone when their server stops (also when nobody uses it for 90 minutes)",
  );
});
