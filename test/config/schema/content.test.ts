import test from "ava";
import { configFrom } from "../../../src/config/load.js";
import { readAsset } from "../../../src/operator/assets.js";
import { readContentFiles } from "../../../src/operator/content-files.js";
import { userError } from "../../support/fakes.js";
import { classWith, complaintsOf } from "../support/complaints.js";

const configWith = (more: string) => configFrom(classWith(more), "/etc/class/class.yaml");
const content = (text: string, more = "") =>
  complaintsOf(classWith(`servers: {content: {${text}}}\n${more}`)).join("\n");

test("content from git has the name of its repository as its folder, or another one", (t) => {
  const { servers } = configWith(
    "servers: {content: {repository: 'https://git.example.org/geo/course.git'}}",
  );
  t.deepEqual(servers.content, {
    repository: "https://git.example.org/geo/course.git",
    folder: "course",
  });
  const all = configWith(
    "servers: {content: {repository: 'https://git.example.org/geo/a/', branch: week/2, folder: Week 2, token: from-env GIT, ca: ca.pem}}",
  );
  t.deepEqual(all.servers.content, {
    repository: "https://git.example.org/geo/a",
    branch: "week/2",
    folder: "Week 2",
    token: { kind: "env", name: "GIT" },
    ca: "/etc/class/ca.pem",
  });
});

test("a repository needs an https address without an account, and homes that stay", (t) => {
  for (const address of [
    "git@git.example.org:geo/a.git",
    "http://git.example.org/a",
    "https://git.example.org",
    "file:///etc",
    "https://git.example.org/a?b",
    "--upload-pack=x",
  ])
    t.regex(content(`repository: "${address}"`), /expected the https address of a git/, address);
  const withPassword = content("repository: 'https://ada:word@git.example.org/a'");
  t.regex(withPassword, /token: from-env GIT_TOKEN/);
  t.regex(content("branch: main"), /"servers\.content\.repository" is missing/);
  for (const folder of ["../x", ".jupyter", "a/b", ""])
    t.regex(content(`repository: 'https://a.example/b', folder: "${folder}"`), /folder/, folder);
  for (const branch of ["-x", "a..b", "a b", "x.lock"])
    t.regex(content(`repository: 'https://a.example/b', branch: "${branch}"`), /branch/, branch);
  t.regex(
    content("repository: 'https://a.example/b'", "storage: temporary"),
    /needs persistent homes/,
  );
});

test("the token of a repository is read from the environment, and no complaint shows it", async (t) => {
  t.notRegex(content("repository: 'https://a.example/b', token: ghp_geheim"), /ghp_geheim/);
  const config = configWith(
    "servers: {content: {repository: 'https://a.example/b', token: from-env GIT}}",
  );
  const read = (value: string) =>
    readContentFiles(config, { env: { GIT: value }, readFile: async () => "" });
  t.deepEqual(await read("ghp_geheim"), { token: "ghp_geheim" });
  t.notRegex((await userError(read("ghp geheim"))).message, /geheim/);
});

test("the root certificate of its server is read from a file, and what is none is refused", async (t) => {
  const config = configWith(
    "servers: {content: {repository: 'https://a.example/b', ca: roots/ca.pem}}",
  );
  const read = (text: string) =>
    readContentFiles(config, {
      env: {},
      readFile: async (path) => {
        t.is(path, "/etc/class/roots/ca.pem");
        return text;
      },
    });
  const certificate = readAsset("test/fixtures/swarm-node.crt");
  t.deepEqual(await read(`# our root\n${certificate}`), { ca: certificate });
  const error = await userError(read("x"));
  t.is(error.message, "servers.content.ca in /etc/class/roots/ca.pem has no certificate");
});
