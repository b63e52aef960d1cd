import test from "ava";
import { temporarySentence } from "../../../src/commands/shared/homes.js";
import { durationFrom } from "../../../src/config/values/units.js";
import { fakeConfig } from "../../support/fakes.js";

test("only a class with temporary homes warns, also about servers that stop without use", (t) => {
  const { servers } = fakeConfig();
  const storage = { kind: "temporary" } as const;
  t.is(temporarySentence(fakeConfig()), undefined);
  t.is(
    temporarySentence(fakeConfig({ storage })),
    "homes are temporary: all files of a user are deleted when their server stops",
  );
  t.is(
    temporarySentence(fakeConfig({ storage, servers: { ...servers, idle: durationFrom("90m") } })),
    "homes are temporary: all files of a user are deleted when their server stops, also after 90 minutes without use",
  );
});
