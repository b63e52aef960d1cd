import test from "ava";
import { groups } from "../../src/checks/groups.js";
import type { CheckContext } from "../../src/checks/check.js";
import type { Bytes, Config } from "../../src/config/types.js";
import { fakeConfig, persistentStorage } from "../support/fakes.js";

const found = async (login: Partial<Config["login"]>): Promise<string[]> => {
  const config = fakeConfig({
    login: {
      ...fakeConfig().login,
      groups: { staff: ["ada", "bob"] },
      groupServers: { tutors: { cpu: 4, images: [], claims: ["role:instructor", "uni:tutors"] } },
      ...login,
    },
    storage: persistentStorage({
      quota: { default: 5 as Bytes, groups: { staff: 9 as Bytes } },
    }),
  });
  const findings = await groups.run({ cluster: { config } } as CheckContext);
  return findings.map(({ level, text }) => `${level}: ${text}`);
};

test("check says who is in the groups with settings, and which of them have nobody", async (t) => {
  t.deepEqual(await found({}), [
    "ok: in the group staff: 2 people",
    "warning: nobody is in the group tutors, which has settings of its own",
  ]);
  const method = {
    kind: "cas",
    service: "Uni X",
    url: "https://cas.example.edu",
    groups: "memberOf",
  };
  t.deepEqual(await found({ method: method as Config["login"]["method"] }), [
    "ok: in the group staff: 2 people, and those whom Uni X puts into staff",
    "ok: in the group tutors: those whom Uni X puts into role:instructor or uni:tutors",
  ]);
});
