import test from "ava";
import { methodChange } from "../../../src/commands/shared/method-change.js";
import type { Config } from "../../../src/config/types.js";
import { paths } from "../../../src/paths.js";
import { fakeCluster, fakeConfig, fakeFacts, fakeHost } from "../../support/fakes.js";

const google: Config["login"]["method"] = {
  kind: "google",
  issuer: "https://accounts.google.com",
  service: "Google",
  client: "c",
  secret: { kind: "env", name: "S" },
  username: "email",
  domains: ["example.edu"],
  organizations: [],
  identityProviders: [],
};

const changeFrom = (hub: object | undefined, login: Partial<Config["login"]>, users: string[]) => {
  const files = hub === undefined ? {} : { [paths.hubConfiguration]: JSON.stringify(hub) };
  const addresses = [{ device: "eth0", address: "10.0.0.1", prefix: 24, mtu: 1500 }];
  const routes = [{ destination: "default", device: "eth0" }];
  const manager = fakeHost("manager", { facts: fakeFacts({ files, addresses, routes }) });
  const config = { login: { ...fakeConfig().login, method: google, ...login } };
  return methodChange(fakeCluster(manager, [], { config }), async () => users);
};

const people = ["ada", "bob"].map((name) => ({ name, shown: name, groups: [] }));

test("a changed method of login names the homes whose users are not on the roster", async (t) => {
  const before = { loginMethod: { kind: "shared-password" } };
  t.is(
    await changeFrom(before, { people, admins: ["prof"] }, ["ada", "prof", "Bob the 1st"]),
    "the method of login changes from shared-password to google https://accounts.google.com. Homes of equal names are kept; 1 home of users who are not on the roster under this name: Bob the 1st",
  );
  t.regex(
    (await changeFrom(before, { people }, ["ada", "bob"])) ?? "",
    /kept, and every home has its user on the roster$/,
  );
  t.regex(
    (await changeFrom({}, {}, ["zoe", "bob"])) ?? "",
    /^the method of login changes from shared-password to .*; check that these users will have the same names: zoe, bob$/,
  );
});

test("another claim, and a second domain, change the names of a method that stays", async (t) => {
  const before = { loginMethod: { ...google, domains: ["example.edu", "example.org"] } };
  t.regex(
    (await changeFrom(before, {}, ["ada@example.edu"])) ?? "",
    /^google .* will name users by email without @example\.edu, until now by email\. Homes of equal .* names: ada@example\.edu$/,
  );
  t.is(await changeFrom({ loginMethod: google }, {}, ["ada"]), undefined);
});

test("nothing is said without a change, without a class, and without homes", async (t) => {
  const same = { loginMethod: google };
  t.is(await changeFrom(same, {}, ["ada"]), undefined);
  t.is(await changeFrom(undefined, {}, ["ada"]), undefined);
  t.is(await changeFrom({}, {}, []), undefined);
});
