import { transformSync } from "esbuild";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, relative } from "node:path";

const folders = ["src", "contracts", "nginx", "proxy", "quota", "test"];

export default () => {
  for (const path of folders.flatMap(sources)) compile(path);
  return {
    files: ["test/**/*.test.ts", "!test/e2e/**"],
    typescript: {
      rewritePaths: Object.fromEntries(folders.map((name) => [`${name}/`, `build/${name}/`])),
      compile: false,
    },
    timeout: "5m",
  };
};

const sources = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true })
        .filter((name) => name.endsWith(".ts"))
        .map((name) => `${folder}/${name}`)
    : [];

/**
 * TypeScript to JavaScript without a look at the types: those are the business of `tsc --noEmit`.
 * A file that cannot be read stops only the tests that import it.
 */
const compile = (path) => {
  const target = `build/${path.replace(/\.ts$/, ".js")}`;
  try {
    const { code } = transformSync(readFileSync(path, "utf8"), {
      loader: "ts",
      format: "esm",
      target: "node20",
      sourcefile: relative(dirname(target), path),
      sourcemap: "inline",
    });
    replace(target, code);
  } catch (error) {
    process.stderr.write(`${path}: ${error.message}\n`);
    rmSync(target, { force: true });
  }
};

/** Two runs may go on at once: nobody sees half a file. */
const replace = (path, content) => {
  if (existsSync(path) && readFileSync(path, "utf8") === content) return;
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.new`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
};
