import { readdirSync, writeFileSync } from "node:fs";
import unit from "./ava.config.js";

/** Files with real connections, processes and deadlines, or long work: beside hundreds of other tests they would be late. */
const alone =
  /^(nginx|proxy|bench|lint)\/|^(checks\/connections\/programs|cli\/completion|commands\/tls|config\/(yaml\/parse|mutations)|host\/connect(-when-booted)?|docker\/(client|images)|homes\/trash|transport\/(contract|ssh|ssh\/host-key)|reconcile\/lock|operator\/first-files)\.test/;

/** So many workers load the project's modules, instead of one for each of the other files: half the gate's time. */
const piles = 6;

/** The unit tests for the quick gate; `ava FILE…` runs some by themselves. Titles must differ across files here. */
export default () => {
  const { typescript: _, ...base } = unit();
  const files = readdirSync("test", { recursive: true })
    .filter((name) => name.endsWith(".test.ts") && !name.startsWith("e2e/"))
    .map((name) => name.replace(/\.ts$/, ".js"))
    .toSorted();
  const together = files.filter((name) => !alone.test(name));
  return {
    ...base,
    files: [
      ...files.filter((name) => alone.test(name)).map((name) => `build/test/${name}`),
      ...Array.from({ length: piles }, (unused, pile) =>
        written(
          pile,
          together.filter((name, index) => index % piles === pile),
        ),
      ),
    ],
  };
};

const written = (pile, files) => {
  const path = `build/together-${pile}.js`;
  writeFileSync(path, files.map((file) => `import "./test/${file}";\n`).join(""));
  return path;
};
