import { rosterText } from "../../../../contracts/roster.js";
import { hashPasswords, newPasswords } from "../../../../src/roster/passwords.js";
import { loginForm, postLogin } from "./ask.js";
import type { LoginSite } from "./site.js";

/** Starts the class with so many people on a roster; their passwords by name. */
export const startWithPasswords = async (
  site: LoginSite,
  count: number,
): Promise<Map<string, string>> => {
  const passwords = newPasswords(Array.from({ length: count }, (_, at) => `user${at}`));
  const hashes = await hashPasswords(passwords, () => {});
  const people = [...hashes].map(([name, password]) => ({
    name,
    shown: name,
    groups: [],
    password,
  }));
  await site.restart({
    settings: { loginMethod: { kind: "passwords" }, roster: true, admins: [] },
    secrets: {},
    roster: rosterText({ people }),
  });
  return passwords;
};

/** Has all of them log in at once through the edge; the seconds until the last one is in. Throws if one is not. */
export const logInAtOnce = async (
  site: LoginSite,
  passwords: ReadonlyMap<string, string>,
): Promise<number> => {
  const all = [...passwords];
  const forms = await Promise.all(all.map(() => loginForm(site)));
  const started = performance.now();
  const answers = await Promise.all(
    all.map(([name, password], at) => postLogin(site, forms[at]!, name, password)),
  );
  const seconds = (performance.now() - started) / 1000;
  const refused = answers.find(({ status }) => status !== 302);
  if (refused !== undefined)
    throw new Error(`status ${refused.status}: ${refused.body.slice(-800)}`);
  return Math.round(seconds * 100) / 100;
};
