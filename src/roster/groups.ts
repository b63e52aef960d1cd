const longest = 40;

/** The groups in a cell, "Group A, Group B", as names of groups in swarmhub.yaml: group-a, group-b. */
export const groupNames = (cell: string): string[] => [
  ...new Set(cell.split(/[,;|]/).flatMap((each) => groupName(each) ?? [])),
];

/** The name of a group: 1 to 40 of a-z, 0-9 and hyphens, with a letter first. */
const groupName = (text: string): string | undefined => {
  const words = text
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  if (words === "") return undefined;
  const name = (/^[a-z]/.test(words) ? words : `g-${words}`).slice(0, longest).replace(/-+$/, "");
  return name === "default" ? "g-default" : name;
};
