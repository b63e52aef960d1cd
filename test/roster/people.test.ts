import test from "ava";
import type { Bytes, Config } from "../../src/config/types.js";
import { UserError } from "../../src/errors.js";
import { configuredLimits } from "../../src/homes/set-limits.js";
import { missingStaff, peopleOf, withRoster } from "../../src/roster/people.js";
import { fakeConfig, persistentStorage } from "../support/fakes.js";
import { rosterFile } from "./support/roster-file.js";

const configOf = (
  text: string,
  login: Partial<Config["login"]> = {},
  groups: Record<string, number> = {},
): Config =>
  fakeConfig({
    login: { ...fakeConfig().login, roster: rosterFile(text), ...login },
    storage: persistentStorage({
      quota: { default: 5 as Bytes, groups: groups as Record<string, Bytes> },
    }),
  });

const text = "Login,Name,Group\nada,Ada L,Geo\nbob,,\ncarl,,geo\n";

test("the groups of the roster and of the configuration are one, also for quotas", async (t) => {
  const config = await withRoster(
    configOf(text, { groups: { staff: ["bob"], geo: ["zoe"] } }, { geo: 2 ** 30 }),
  );
  t.deepEqual(peopleOf(config), [
    { name: "ada", shown: "Ada L", groups: ["geo"] },
    { name: "bob", shown: "bob", groups: ["staff"] },
    { name: "carl", shown: "carl", groups: ["geo"] },
  ]);
  t.deepEqual(config.login.groups, { staff: ["bob"], geo: ["zoe", "ada", "carl"] });
  if (config.storage.kind === "temporary") return t.fail();
  const { homes } = configuredLimits(config.storage, config.login);
  t.deepEqual(Object.keys(homes), ["ada", "carl", "zoe"]);
});

test("admins and teachers who are not in the file are known", async (t) => {
  const config = await withRoster(
    configOf(text, { admins: ["prof", "ada"], teachers: ["grace", "prof", "bob"] }),
  );
  t.deepEqual(missingStaff(config, peopleOf(config) ?? []), {
    admins: ["prof"],
    teachers: ["grace"],
  });
});

test("of groups with different quotas the highest counts, also of one of the configuration", async (t) => {
  const config = await withRoster(
    configOf(text, { groups: { staff: ["carl"] } }, { geo: 2 ** 30, staff: 2 ** 31 }),
  );
  if (config.storage.kind === "temporary") return t.fail();
  const { homes, groups } = configuredLimits(config.storage, config.login);
  t.deepEqual(homes, { ada: { bytes: 2 ** 30 }, carl: { bytes: 2 ** 31 } });
  t.deepEqual(groups, { geo: 2 ** 30, staff: 2 ** 31 });
});

test("a quota for a group that nobody has is refused", async (t) => {
  const config = await withRoster(configOf(text, {}, { goe: 1 }));
  const error = t.throws(() => peopleOf(config), { instanceOf: UserError });
  t.regex(error.message, /storage\.quota is for goe, but neither/);
  const method = { kind: "cas", service: "Uni X", url: "https://x", groups: "memberOf" } as const;
  const claimed = await withRoster(configOf(text, { method }, { goe: 1 }));
  t.is(peopleOf(claimed)?.length, 3, "a provider may know the group");
});

test("a roster that cannot be read does not stop commands that need nobody of it", async (t) => {
  const config = await withRoster(configOf("Login\na/b\n"));
  t.true(config.login.people instanceof UserError);
  const without = fakeConfig();
  t.is(peopleOf(await withRoster(without)), undefined);
});
