import test from "ava";
import { refuseServers, renamingOf } from "../../../src/commands/homes/rename.js";
import type { Docker } from "../../../src/docker/client.js";
import type { Home, Homes } from "../../../src/homes/inspect.js";
import { slugOf } from "../../../src/names.js";
import { twoMachines, userError } from "../../support/fakes.js";

const home = (name: string, user = name) => ({ name, user }) as Home;
const all = (homes: Home[], trashed: string[] = []): Pick<Homes, "homes" | "trash"> => ({
  homes,
  trash: trashed.map((each) => ({
    entry: `${each}.20261121T120000Z`,
    home: each,
    user: undefined,
    deleted: new Date(0),
  })),
});
const mail = "ada.lovelace@example.org";
const adaMail = slugOf(mail);

test("a home is renamed by login or folder, to the name that the hub gives the new user's home", (t) => {
  const expected = { from: ["ada"], to: adaMail, user: mail };
  t.deepEqual(
    renamingOf(all([home("ada")]), { from: "ada", to: "Ada.Lovelace@example.org" }),
    expected,
  );
  const back = { from: [adaMail], to: "ada", user: "ada" };
  t.deepEqual(renamingOf(all([home(adaMail, mail)]), { from: mail, to: "ada" }), back);
  t.deepEqual(renamingOf(all([home(adaMail, mail)]), { from: adaMail, to: "ada" }), back);
});

test("after an interruption the home may have neither name, or already the new one", (t) => {
  const expected = { from: ["ada"], to: "ada-l", user: "ada-l" };
  t.deepEqual(renamingOf(all([], ["ada-l"]), { from: "ada", to: "ada-l" }), expected);
  t.deepEqual(renamingOf(all([home("ada-l")]), { from: "ada", to: "ada-l" }), expected);
});

for (const [what, seen, from, to, pattern] of [
  ["a user without a home", [home("bob")], "ada", "ada-l", /"ada" has no home/],
  ["a new name with a home", [home("ada"), home("bob")], "ada", "bob", /bob has a home already/],
  ["the same name", [home("ada")], "ada", "ADA", /has this name already|has no home/],
  ["no name", [home("ada")], "ada", " ", /is not a user name/],
  ["a path", [home("ada")], "ada", "../bob", /is not a user name/],
  ["the shared folder", [home("class--shared")], "class--shared", "ada", /is the shared folder/],
] as const)
  test(`a rename refuses ${what}`, async (t) => {
    const attempt = Promise.resolve().then(() => renamingOf(all([...seen]), { from, to }));
    t.regex((await userError(attempt)).message, pattern);
  });

test("a rename refuses while the server of one of the two names runs", async (t) => {
  const Labels = { "swarmhub.class": "geo-101", "swarmhub.user": "ada" };
  const engine = (): Partial<Docker> =>
    ({
      info: async () => ({ Swarm: { ControlAvailable: true } }),
      listServices: async () => [{ ID: "s1", Spec: { Name: "geo-101-nb-ada", Labels } }],
      listTasks: async () => [],
      listNodes: async () => [],
    }) as unknown as Partial<Docker>;
  const cluster = twoMachines(engine);
  for (const [from, to] of [
    ["ada", "bob"],
    ["bob", "ada"],
  ] as const) {
    const error = await userError(refuseServers(cluster, { from: [from], to, user: to }));
    t.regex(error.message, /ada: the server runs/);
    // `swarmhub room` only shows.
    t.regex(error.hint ?? "", /admin page.*swarmhub open/);
  }
  await t.notThrowsAsync(refuseServers(cluster, { from: ["carl"], to: "bob", user: "bob" }));
});
