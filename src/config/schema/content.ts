import type * as z from "zod";
import type { GitContent } from "../types.js";
import { branchFrom, homeFolderFrom, repositoryFrom, tokenFrom } from "../values/content.js";
import { fromFolder } from "../values/secret-source.js";
import { leaf, section } from "./fields.js";

/** `servers.content` of swarmhub.yaml. */
export const content = section(
  {
    repository: leaf(repositoryFrom),
    branch: leaf(branchFrom).exactOptional(),
    folder: leaf(homeFolderFrom).exactOptional(),
    token: leaf(tokenFrom).exactOptional(),
  },
  '{repository: "https://git.example.org/geo/course.git"}',
);

/** The repository with the folder in each home: by default, the last part of its address. */
export const contentOf = (
  { repository, branch, folder, token }: z.output<typeof content>,
  base: string,
): GitContent => ({
  repository,
  ...(branch !== undefined && { branch }),
  folder: folder ?? folderOf(repository),
  ...(token !== undefined && { token: fromFolder(token, base) }),
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
