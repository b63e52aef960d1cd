import { Agent } from "node:https";
import { ask, loginForm, postLogin } from "./ask.js";
import type { LoginSite } from "./site.js";

/** What guesses of one password found: how many answers had each status, and how the class was meanwhile for somebody who was in. */
export type Guesses = {
  statuses: Record<number, number>;
  seconds: number;
  /** The longest that the home page of somebody else took, in milliseconds. */
  slowest: number;
  /** Whether the owner, whose browser had logged in before, was in again at once. */
  ownerIsIn: boolean;
};

/** Guesses the password of `name` as fast as the class answers, the right one in the middle, while others use the class. */
export const guess = async (
  site: LoginSite,
  passwords: ReadonlyMap<string, string>,
  name: string,
  count: number,
): Promise<Guesses> => {
  const right = passwords.get(name) ?? "";
  const logIn = async (user: string, known = "") => {
    const form = await loginForm(site);
    const cookies = [form.cookies, known].filter((each) => each !== "").join("; ");
    return postLogin(site, { ...form, cookies }, user, passwords.get(user) ?? "");
  };
  const [owner, other] = [await logIn(name), await logIn("user1")];
  const form = await loginForm(site);
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const statuses: Record<number, number> = {};
  let [next, slowest, isDone] = [0, 0, false];
  const guesser = async (): Promise<void> => {
    while (next < count) {
      const at = (next += 1);
      const password = at === count / 2 ? right : `guess-${at}`;
      const { status } = await postLogin(site, form, name, password, agent);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  const visitor = async (): Promise<void> => {
    while (!isDone) {
      const began = performance.now();
      const { status } = await ask(site, "GET", "/hub/home", other.cookies, "");
      if (status !== 200) throw new Error(`the home page has status ${status}`);
      slowest = Math.max(slowest, performance.now() - began);
    }
  };
  const began = performance.now();
  const visit = visitor();
  await Promise.all(Array.from({ length: 32 }, guesser));
  const seconds = Math.round((performance.now() - began) / 1000);
  const known = owner.cookies
    .split("; ")
    .filter((each) => each.startsWith("swarmhub-known="))
    .join("; ");
  const ownerIsIn = (await logIn(name, known)).status === 302;
  isDone = true;
  await visit;
  agent.destroy();
  return { statuses, seconds, slowest: Math.round(slowest), ownerIsIn };
};
