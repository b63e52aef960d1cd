import test from "ava";
import { linkIn } from "../../src/commands/link.js";
import { exitCode } from "../../src/errors.js";
import { classOf } from "../support/class-of.js";
import { fakeFacts, userError } from "../support/fakes.js";

const linked = async (path?: string, json = false) => {
  const cluster = classOf(0);
  cluster.manager.facts = async () => fakeFacts({});
  cluster.config.domain = "geo.example.org";
  cluster.config.servers.content = { repository: "https://git.example.org/a", folder: "Week 2" };
  const printed: string[] = [];
  await linkIn(cluster, { path, json }, { print: (text) => void printed.push(text) });
  return printed.join("\n");
};

test("link prints the address of a file of the class's content in everybody's own server", async (t) => {
  const start = "https://geo.example.org/hub/user-redirect/lab/tree/Week%25202";
  t.is(await linked(), start);
  t.is(await linked("labs/über?.ipynb"), `${start}/labs/%25C3%25BCber%253F.ipynb`);
  t.deepEqual(JSON.parse(await linked("./a.ipynb", true)), {
    address: `${start}/a.ipynb`,
    path: "Week 2/a.ipynb",
  });
});

test("link refuses a path outside of the repository, and a class without content", async (t) => {
  t.is((await userError(linked("../../hub/logout"))).code, exitCode.usage);
  const refused = await userError(linkIn(classOf(0), { json: false }, { print: () => {} }));
  t.regex(refused.message, /no content from git/);
});
