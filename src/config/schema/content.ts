import { resolve } from "node:path";
import type * as z from "zod";
import type { GitContent } from "../types.js";
import { branchFrom, homeFolderFrom, repositoryFrom, tokenFrom } from "../values/content.js";
import { pathFrom } from "../values/names.js";
import { fromFolder } from "../values/secret-source.js";
import { leaf, section } from "./fields.js";

/** `servers.content` of swarmhub.yaml. */
export const content = section(
  {
    repository: leaf(repositoryFrom),
    branch: leaf(branchFrom).exactOptional(),
    folder: leaf(homeFolderFrom).exactOptional(),
    token: leaf(tokenFrom).exactOptional(),
    ca: leaf(
      pathFrom("a file with the root certificate of the server", "./ca.pem"),
    ).exactOptional(),
  },
  '{repository: "https://git.example.org/geo/course.git"}',
);

/** The repository with the folder in each home: by default, the last part of its address. */
export const contentOf = (
  { repository, branch, folder, token, ca }: z.output<typeof content>,
  base: string,
): GitContent => ({
  repository,
  ...(branch !== undefined && { branch }),
  folder: folder ?? folderOf(repository),
  ...(token !== undefined && { token: fromFolder(token, base) }),
  ...(ca !== undefined && { ca: resolve(base, ca) }),
});

const folderOf = (repository: string): string => {
  const name = (repository.split("/").at(-1) ?? "").replace(/\.git$/, "");
  return (
    name
      .replaceAll(/[^\w.+-]/g, "-")
      .replace(/^[^\w]+/, "")
      .slice(0, 60) || "content"
  );
};
