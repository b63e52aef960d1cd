import type { Config } from "../../config/types.js";

/** What a rehearsal leaves out with this method of login, and without a browser, in sentences. */
export const skippedBy = (
  { login: { method } }: Config,
  { chromium, people }: { chromium: string | undefined; people: number },
): string[] => [
  ...(chromium === undefined
    ? [
        "Left out: a real browser, because this computer has no Chromium and no Chrome. The time that a laptop needs to draw JupyterLab is not in the figures.",
      ]
    : people === 1
      ? ["Left out: a real browser, with which one of two or more people comes."]
      : []),
  method.kind === "shared-password"
    ? "Left out: the comparison of the password. The people of a rehearsal open the login page and come in with a ticket."
    : method.kind === "passwords"
      ? "Left out: the check of each person's password, about 0.1 s of the hub. The people of a rehearsal open the login page and come in with a ticket."
      : "Left out: the login at the institution. The people of a rehearsal open the login page and come in with a ticket.",
];
