import type { Place } from "../../errors.js";
import { resolve } from "node:path";
import type { Settings } from "../schema.js";
import { isMapping, valueAt } from "../schema/fields.js";
import type { ImageChoice, ConfiguredImage } from "../types.js";
import { imageFrom } from "../values/image.js";
import { expectation } from "../values/reader.js";
import type { Finding, Path } from "../yaml/complaints.js";

/** The images of users' servers: one for everyone, or several to choose from, of which the first is the default. */
export const configuredImages = (
  { image, build, images, memory, cpu }: Settings["servers"],
  folder: string,
  placeOf: (key: Path) => Place,
): ConfiguredImage & { images: ImageChoice[] } => {
  const source = (path: Path, reference: string, built: string | undefined): ConfiguredImage => {
    if (built === undefined) return { image: reference };
    const place = placeOf(["servers", ...path, "build"]);
    return { image: resolve(folder, built), build: { folder: resolve(folder, built), place } };
  };
  const choices = images.map(({ image: reference = "", build: built, ...each }, index) => ({
    memory,
    cpu,
    ...each,
    ...source(["images", index], reference, built),
  }));
  const [first] = choices;
  const byDefault = first === undefined ? source([], image, build) : sourceOf(first);
  return { ...byDefault, images: choices };
};

const sourceOf = ({ image, build }: ConfiguredImage): ConfiguredImage => ({
  image,
  ...(build !== undefined && { build }),
});

/** Complaints between the keys that name images: each server has one image, and each choice a name of its own. */
export const imageFindings = (raw: unknown): Finding[] => {
  const at = (...path: PropertyKey[]): unknown => valueAt(raw, ["servers", ...path]) ?? undefined;
  const images = at("images");
  const list = Array.isArray(images) ? images : [];
  const hasBoth = at("image") !== undefined && at("build") !== undefined && list.length === 0;
  const besideList = (["image", "build"] as const).filter(
    (key) => list.length > 0 && at(key) !== undefined,
  );
  return [
    ...besideList.map((key) => ({
      path: ["servers", key],
      text: `conflicts with "images", whose first item is the default; delete one of the two`,
    })),
    ...(hasBoth ? [{ path: ["servers", "build"], text: conflict }] : []),
    ...list.flatMap((_, index) => itemFindings(index, list)),
  ];
};

const conflict = `conflicts with "image": a server has one of the two; delete one`;

const itemFindings = (index: number, list: readonly unknown[]): Finding[] => {
  const value = (item: number, key: string): unknown => valueAt(list, [item, key]) ?? undefined;
  const path = ["servers", "images", index];
  const name = value(index, "name");
  const isRepeated =
    typeof name === "string" && list.findIndex((_, item) => value(item, "name") === name) < index;
  const [image, build] = [value(index, "image"), value(index, "build")];
  return [
    ...(isRepeated ? [{ path: [...path, "name"], text: repeatedName }] : []),
    ...(image !== undefined && build !== undefined
      ? [{ path: [...path, "build"], text: conflict }]
      : []),
    ...(isMapping(list[index]) && image === undefined && build === undefined
      ? [{ path: [...path, "image"], text: neither }]
      : []),
  ];
};

const repeatedName = "is the name of another image too; write another name";
const neither = `is missing: ${expectation(imageFrom)}, or "build" with a folder that has a Dockerfile`;
