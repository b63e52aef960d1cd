import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

/** The licences of the packages in a bundle, as they ask for, from the list of files that esbuild read ("metafile"). */
export const licenseTexts = async (root, metafiles) => {
  const paths = metafiles.flatMap(({ inputs }) => Object.keys(inputs));
  const folders = new Set(
    paths.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []),
  );
  const texts = await Promise.all(
    [...folders]
      .toSorted((one, other) => (one < other ? -1 : 1))
      .map((folder) => licenseText(join(root, folder))),
  );
  return texts.join("\n");
};

const licenseText = async (folder) => {
  const { name, version, license } = JSON.parse(
    await readFile(join(folder, "package.json"), "utf8"),
  );
  const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each));
  const text =
    file === undefined ? `License: ${license}\n` : await readFile(join(folder, file), "utf8");
  return `--- ${name} ${version}\n\n${text.trim()}\n`;
};
