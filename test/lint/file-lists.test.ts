import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import test from "ava";

type Lists = { alone?: string[]; short?: string[] };

const listsOf = async (config: string): Promise<Lists> =>
  (await import(pathToFileURL(resolve(config)).href)) as Lists;

test("each folder and file that runs alone exists", async (t) => {
  const { alone = [] } = await listsOf("ava.together.config.js");
  t.true(alone.length > 0);
  for (const path of alone) t.true(existsSync(`test/${path}`), path);
});

test("each end-to-end test of the short run exists", async (t) => {
  const { short = [] } = await listsOf("ava.e2e.config.js");
  t.true(short.length > 0);
  for (const name of short) t.true(existsSync(`test/e2e/${name}.test.ts`), name);
});
