import { reader } from "./reader.js";
import { outsideSecretFrom } from "./secret-source.js";

/** The address of a git repository over https, without an account in it. */
export const repositoryFrom = reader(
  {
    what: "the https address of a git repository",
    example: "https://git.example.org/geo/course.git",
  },
  (text, reject): string => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url?.protocol !== "https:") throw reject("it begins with https://");
    if (url.username !== "" || url.password !== "")
      throw reject(
        "without a password, which would be seen",
        "write it as token: from-env GIT_TOKEN",
      );
    if (!/^https:\/\/[\w.:-]+(\/[\w.~%+-]+)+\/?$/.test(text)) throw reject("a host and a path");
    return text.replace(/\/$/, "");
  },
);

/** The name of a branch. */
export const branchFrom = reader({ what: "a branch", example: "main" }, (text, reject): string => {
  // The rules of git-check-ref-format(1), for names of plain characters.
  if (!/^[\w.+/-]{1,200}$/.test(text) || /^[-/.]|\.\.|\/[/.]|\/$|\.$|\.lock(\/|$)/.test(text))
    throw reject();
  return text;
});

/** The name of a folder in each home. */
export const homeFolderFrom = reader(
  { what: "the name of a folder in each home", example: "course" },
  (text, reject): string => {
    if (!/^[\p{L}\p{N}_][\p{L}\p{N} ._+-]{0,59}$/u.test(text) || text.endsWith(" "))
      throw reject("one name without / that does not begin with a dot");
    return text;
  },
);

/** The source of the token for a private repository. */
export const tokenFrom = outsideSecretFrom("from-env NAME or from-file PATH", "from-env GIT_TOKEN");
