import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { assetPath } from "../../../../src/operator/assets.js";

/** The rules of axe that the page breaks, with the first element of each. */
export const axe = async (tab: Page): Promise<string[]> => {
  const require = createRequire(assetPath("package.json"));
  await tab.addScriptTag({ path: require.resolve("axe-core/axe.min.js") });
  const found = await tab.evaluate(
    `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes[0].html))`,
  );
  return found as string[];
};
