import type { ZodType } from "zod";
import { lineFrom } from "../values/names.js";
import { leaf, section } from "./fields.js";

/** An image that users may choose, of keys that `servers` has too. */
export const imageChoice = <
  Image extends ZodType,
  Build extends ZodType,
  Memory extends ZodType,
  Cpu extends ZodType,
>({
  image,
  build,
  memory,
  cpu,
}: {
  image: Image;
  build: Build;
  memory: Memory;
  cpu: Cpu;
}) =>
  section(
    {
      what: "a mapping of name, description, image or build, memory and cpu",
      example: "{name: R, image: quay.io/jupyter/r-notebook:2026-11-02}",
    },
    {
      name: leaf({ what: "a name to choose by", example: "R with tidyverse" }, lineFrom(60)),
      description: leaf({ what: "a line of text", example: "for week 3" }, lineFrom(200)).default(
        "",
      ),
      // One of the two, which cross.ts sees to.
      image: image.exactOptional(),
      build: build.exactOptional(),
      memory: memory.exactOptional(),
      cpu: cpu.exactOptional(),
    },
  );
