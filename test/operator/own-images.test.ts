import { buffer } from "node:stream/consumers";
import test from "ava";
import { extract } from "tar-stream";
import { assetPath } from "../../src/operator/assets.js";
import { assetsAt, contextTar, ownImages } from "../../src/operator/own-images.js";

const parts: Record<string, string> = {
  "templates/Dockerfile": [
    "# a comment",
    "FROM debian AS node",
    "RUN node",
    "FROM node AS proxy",
    "COPY images/proxy.mjs /app/",
    "FROM node AS quota",
    "COPY images/quota.mjs /app/",
    "FROM node AS edge",
    "COPY images/edge.mjs nginx/unavailable.html /app/",
    "FROM debian AS hub",
    "COPY hub/swarmhub/ /app/swarmhub/",
    "FROM debian AS registry",
    "",
  ].join("\n"),
  "images/proxy.mjs": "proxy",
  "images/quota.mjs": "quota",
  "images/edge.mjs": "edge",
  "nginx/unavailable.html": "away",
  "hub/swarmhub/a.py": "a",
  "hub/swarmhub/deep/b.py": "b",
};

const assetsOf = (changes: Record<string, string> = {}): Parameters<typeof ownImages>[0] => {
  const all = { ...parts, ...changes };
  return {
    read: (name) => {
      const content = all[name];
      if (content === undefined) throw new Error(`no such asset: ${name}`);
      return Buffer.from(content);
    },
    list: (folder) => Object.keys(all).filter((name) => name.startsWith(`${folder}/`)),
  };
};

const changedBy = (changes: Record<string, string>): string[] => {
  const before = ownImages(assetsOf());
  return ownImages(assetsOf(changes))
    .filter(({ reference }, index) => reference !== before[index]?.reference)
    .map(({ name }) => name);
};

const dockerfile = parts["templates/Dockerfile"] ?? "";

test("the same files give the same references, which contain the names of the images", (t) => {
  const images = ownImages(assetsOf());
  t.deepEqual(images, ownImages(assetsOf()));
  t.deepEqual(
    images.map(({ name }) => name),
    ["hub", "proxy", "edge", "quota", "registry"],
  );
  for (const { name, reference } of images)
    t.regex(reference, new RegExp(`^swarmhub/${name}:[0-9a-f]{12}$`));
});

test("a changed byte changes the references of the images that contain it and of no other", (t) => {
  t.deepEqual(changedBy({ "hub/swarmhub/deep/b.py": "B" }), ["hub"]);
  t.deepEqual(changedBy({ "hub/swarmhub/c.py": "" }), ["hub"]);
  t.deepEqual(changedBy({ "images/proxy.mjs": "Proxy" }), ["proxy"]);
  t.deepEqual(changedBy({ "nginx/unavailable.html": "Away" }), ["edge"]);
});

test("a changed stage changes the references of the images built on it", (t) => {
  const change = (from: string, to: string) =>
    changedBy({ "templates/Dockerfile": dockerfile.replace(from, to) });
  t.deepEqual(change("RUN node", "RUN nodejs"), ["proxy", "edge", "quota"]);
  t.deepEqual(change("FROM debian AS hub", "FROM debian AS hub\nUSER nobody"), ["hub"]);
  t.deepEqual(change("# a comment", "# another"), []);
});

test("bytes that move from one file to the next change the reference", (t) => {
  t.deepEqual(changedBy({ "hub/swarmhub/a.py": "", "hub/swarmhub/deep/b.py": "ab" }), ["hub"]);
});

test("a context has only the stages and files of its own image", (t) => {
  const edge = ownImages(assetsOf()).find(({ name }) => name === "edge");
  t.deepEqual(
    edge?.context.map(({ path }) => path),
    ["Dockerfile", "images/edge.mjs", "nginx/unavailable.html"],
  );
  const text = edge?.context[0]?.content.toString() ?? "";
  t.deepEqual(text.match(/^FROM .*$/gm), ["FROM debian AS node", "FROM node AS edge"]);
});

test("the archive of a context does not depend on the order of its files", async (t) => {
  const context = ownImages(assetsOf())[0]?.context ?? [];
  const archive = await buffer(contextTar(context));
  t.deepEqual(await buffer(contextTar(context.toReversed())), archive);
  t.deepEqual(await namesIn(archive), [
    "Dockerfile",
    "hub/swarmhub/a.py",
    "hub/swarmhub/deep/b.py",
  ]);
});

test("the error about a file that was not built has its name", (t) => {
  const { read } = assetsAt((name) => `/nonexistent/${name}`);
  t.throws(() => read("images/edge.mjs"), { name: "UserError", message: /^images\/edge\.mjs, / });
});

test("our Dockerfile copies only files that are in the repository or are built", (t) => {
  const repository = assetsAt(assetPath);
  const images = ownImages({
    ...repository,
    read: (name) => (name.startsWith("images/") ? Buffer.from("") : repository.read(name)),
  });
  const hub = images.find(({ name }) => name === "hub");
  t.true(hub?.context.some(({ path }) => path === "hub/swarmhub/spawning/spawner.py"));
  t.false(hub?.context.some(({ path }) => path.includes("__pycache__") || path.includes("test")));
});

const namesIn = async (archive: Buffer): Promise<string[]> => {
  const names: string[] = [];
  const reader = extract();
  reader.end(archive);
  for await (const entry of reader) {
    names.push(entry.header.name);
    entry.resume();
  }
  return names;
};
