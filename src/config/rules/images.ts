import type { Place } from "../../errors.js";
import { resolve } from "node:path";
import type { Settings } from "../schema.js";
import { valueAt } from "../schema/fields.js";
import type { ImageChoice, ConfiguredImage } from "../types.js";
import type { Finding, Path } from "../yaml/complaints.js";

/** What users' servers are made of: one image for everyone, or those to choose from, the first of which is also everyone's. */
export const configuredImages = (
  { image, build, images, memory, cpu }: Settings["servers"],
  folder: string,
  placeOf: (key: Path) => Place,
): ConfiguredImage & { images: ImageChoice[] } => {
  const source = (path: Path, named: string, built: string | undefined): ConfiguredImage => {
    if (built === undefined) return { image: named };
    const place = placeOf(["servers", ...path, "build"]);
    return { image: resolve(folder, built), build: { folder: resolve(folder, built), place } };
  };
  const filled = images.map(({ image: named = "", build: built, ...each }, index) => ({
    memory,
    cpu,
    ...each,
    ...source(["images", index], named, built),
  }));
  const [first] = filled;
  const everyone = first === undefined ? source([], image, build) : sourceOf(first);
  return { ...everyone, images: filled };
};

const sourceOf = ({ image, build }: ConfiguredImage): ConfiguredImage => ({
  image,
  ...(build !== undefined && { build }),
});

/** What is wrong between the keys that name images: each server is made of one, and each choice has a name of its own. */
export const imageFindings = (raw: unknown): Finding[] => {
  const at = (...path: PropertyKey[]): unknown => valueAt(raw, ["servers", ...path]) ?? undefined;
  const images = at("images");
  const list = Array.isArray(images) ? images : [];
  const [image, build] = [at("image"), at("build")];
  const both = image !== undefined && build !== undefined && list.length === 0;
  const beside = (["image", "build"] as const).filter(
    (key) => list.length > 0 && at(key) !== undefined,
  );
  return [
    ...beside.map((key) => ({
      path: ["servers", key],
      text: "stands beside images, the first of which is everyone's to begin with; delete one",
    })),
    ...(both ? [{ path: ["servers", "build"], text: besideImage }] : []),
    ...list.flatMap((_, index) => findingsOf(index, list)),
  ];
};

const besideImage = "stands beside image, but a server is made of one of the two; delete one";

const findingsOf = (index: number, list: readonly unknown[]): Finding[] => {
  const of = (place: number, key: string): unknown => valueAt(list, [place, key]) ?? undefined;
  const path = ["servers", "images", index];
  const name = of(index, "name");
  const isTwin =
    typeof name === "string" && list.findIndex((_, place) => of(place, "name") === name) < index;
  const [image, build] = [of(index, "image"), of(index, "build")];
  const isMapping = typeof list[index] === "object" && list[index] !== null;
  return [
    ...(isTwin ? [{ path: [...path, "name"], text: twin }] : []),
    ...(image !== undefined && build !== undefined
      ? [{ path: [...path, "build"], text: besideImage }]
      : []),
    ...(isMapping && image === undefined && build === undefined
      ? [{ path: [...path, "image"], text: neither }]
      : []),
  ];
};

const twin = "is the name of another image too, and nobody could choose; write another";
const neither =
  "is missing, and must be a container image, or build a folder with a Dockerfile; write for example quay.io/jupyter/scipy-notebook:2026-11-02";
