import { resolve } from "node:path";
import * as z from "zod";
import type { Config, SecretSource } from "../types.js";
import { defaultImage, imageFrom } from "../values/image.js";
import { lineFrom, pathFrom, strategyFrom } from "../values/names.js";
import { fromFolder } from "../values/secret-source.js";
import { languageFrom, startFrom, timeZoneFrom, variableFrom } from "../values/servers.js";
import { idleFrom } from "../values/units.js";
import { content, contentOf } from "./content.js";
import { leaf, list, mapping, number, section } from "./fields.js";
import { defaultNetwork, network } from "./network.js";
import { defaultScratch, scratch } from "./scratch.js";
import { cpu, defaultMemory, memory, quota } from "./sizes.js";
import { warm } from "./warm.js";

const image = leaf(imageFrom);

const build = leaf(pathFrom("a folder with a Dockerfile", "./image"));

// The upper bound is Linux's own number of process ids (PID_MAX_LIMIT).
const processes = number(
  { what: "a whole number from 64 to 4194304", example: "1024" },
  64,
  4_194_304,
  Number.isInteger,
);

const gpus = number({ what: "a whole number from 1 to 16", example: "1" }, 1, 16, Number.isInteger);

const imageChoice = section(
  {
    name: leaf(lineFrom("a name to choose by", "R with tidyverse", 60)),
    description: leaf(lineFrom("a line of text", "for week 3", 200)).default(""),
    // One of the two, see rules/images.ts.
    image: image.exactOptional(),
    build: build.exactOptional(),
    memory: memory.exactOptional(),
    cpu: cpu.exactOptional(),
  },
  "{name: R, image: quay.io/jupyter/r-notebook:2026-11-02}",
);

// YAML reads `4` and `true` as a number and a boolean, which a variable cannot be.
const variable = z.preprocess(
  (value) => (["number", "boolean"].includes(typeof value) ? String(value) : value),
  leaf(variableFrom),
);

/** `servers` of swarmhub.yaml. */
export const servers = section(
  {
    image: image.default(defaultImage),
    images: list(
      { what: "a list of images", example: "[{name: R, image: …}]" },
      imageChoice,
    ).default([]),
    build: build.exactOptional(),
    strategy: leaf(strategyFrom).default("spread"),
    memory: memory.default(defaultMemory),
    guarantee: memory.exactOptional(),
    cpu: cpu.default(1),
    processes: processes.exactOptional(),
    gpus: gpus.exactOptional(),
    scratch: scratch.default(defaultScratch),
    network: network.default(defaultNetwork),
    idle: leaf(idleFrom).exactOptional(),
    warm: warm.exactOptional(),
    skeleton: leaf(pathFrom("a folder", "./first-files")).exactOptional(),
    start: leaf(startFrom).default("/lab"),
    environment: mapping(
      { what: "a mapping of variables", example: "{COURSE: geo-101}" },
      variable,
    ).default({}),
    files: mapping(
      { what: "a mapping of files", example: "{/opt/course/data.json: ./data.json}" },
      leaf(pathFrom("a file", "./data.json")),
    ).default({}),
    content: content.exactOptional(),
    shared: quota.exactOptional(),
    "time-zone": leaf(timeZoneFrom).exactOptional(),
    language: leaf(languageFrom).exactOptional(),
  },
  "{memory: 1G, cpu: 1}",
);

type Servers = z.output<typeof servers>;

/** What every server gets beside its image; paths are those of the operator's machine. */
export const equipmentOf = (
  settings: Servers,
  folder: string,
): Pick<
  Config["servers"],
  "start" | "environment" | "secrets" | "files" | "content" | "shared" | "language"
> => {
  const variables = Object.entries(settings.environment);
  const zone = settings["time-zone"];
  return {
    start: settings.start,
    environment: {
      ...(zone !== undefined && { TZ: zone }),
      ...Object.fromEntries(variables.filter(isPlain)),
    },
    secrets: Object.fromEntries(
      variables.flatMap(([name, value]): [string, SecretSource][] =>
        typeof value === "string" ? [] : [[name, fromFolder(value, folder)]],
      ),
    ),
    files: Object.entries(settings.files).map(([path, source]) => ({
      path,
      source: resolve(folder, source),
    })),
    ...(settings.content !== undefined && { content: contentOf(settings.content, folder) }),
    ...(settings.shared !== undefined && { shared: settings.shared }),
    ...(settings.language !== undefined && { language: settings.language }),
  };
};

const isPlain = (entry: [string, string | SecretSource]): entry is [string, string] =>
  typeof entry[1] === "string";
