import type { BrowserContext, Page } from "playwright-core";
import type { LoginSite } from "../login/site.js";
import { expect, isIn, isOut, statusOf, statusWithToken, step, tokenOf } from "./steps.js";

/** How people log in with one method. */
export type Way = {
  method: string;
  /** Logs somebody in, in this browser, up to the home page. */
  signIn: (context: BrowserContext, name: "ada" | "prof") => Promise<Page>;
  newBrowser: () => Promise<BrowserContext>;
};

/**
 * What somebody loses who is no admin any more, and a member of a group that the class no longer lets in: prof is in no group, ada is in
 * that of the class. Afterwards the class has the settings `after`.
 */
export const tryDemotion = async (
  { method, signIn, newBrowser }: Way,
  site: LoginSite,
  after: Record<string, unknown>,
): Promise<void> => {
  const restart = (settings: Record<string, unknown>) => site.restart({ settings, secrets: {} });
  await restart({ admins: ["prof", "ada"] });
  const [prof, ada] = [
    await signIn(await newBrowser(), "prof"),
    await signIn(await newBrowser(), "ada"),
  ];
  let tokens = { prof: "", ada: "" };
  await step(`${method}: admins have their rights, also with a token`, async () => {
    await isIn(prof);
    await isIn(ada);
    tokens = { prof: await tokenOf(prof, "prof"), ada: await tokenOf(ada, "ada") };
    for (const [page, token] of [
      [prof, tokens.prof],
      [ada, tokens.ada],
    ] as const) {
      expect(await statusOf(page, "/hub/api/users"), 200);
      expect(await statusWithToken(page, "/hub/api/users", token), 200);
    }
  });
  await restart({ admins: [] });
  await step(
    `${method}: a former admin in no group of the class is out, with all tokens`,
    async () => {
      expect(await statusWithToken(prof, "/hub/api/user", tokens.prof), 403);
      expect(await statusOf(prof, "/hub/api/users"), 403);
      expect(await isOut(prof.context()), true);
    },
  );
  await step(`${method}: a former admin in a group of the class is an ordinary user`, async () => {
    expect(await statusOf(ada, "/hub/api/users"), 403);
    expect(await statusWithToken(ada, "/hub/api/users", tokens.ada), 403);
    expect(await statusWithToken(ada, "/hub/api/user", tokens.ada), 200);
    expect(await isOut(ada.context()), false);
  });
  await restart({ allowedGroups: ["another"] });
  await step(
    `${method}: a member of a former group of the class is out, with all tokens`,
    async () => {
      expect(await statusWithToken(ada, "/hub/api/user", tokens.ada), 403);
      expect(await isOut(ada.context()), true);
    },
  );
  await restart(after);
};

/** What somebody loses who leaves the group at the server: from the next login on, which is refused, all earlier ones end. */
export const tryLeaving = async (
  { method, signIn, newBrowser }: Way,
  leave: () => Promise<void>,
  refused: (context: BrowserContext) => Promise<unknown>,
): Promise<void> => {
  const ada = await signIn(await newBrowser(), "ada");
  let token = "";
  await step(`${method}: a member is in, with a token`, async () => {
    await isIn(ada);
    token = await tokenOf(ada, "ada");
  });
  await leave();
  await step(`${method}: who has left the group is refused`, async () =>
    refused(await newBrowser()),
  );
  await step(`${method}: and the login and the token of before are gone`, async () => {
    expect(await statusWithToken(ada, "/hub/api/user", token), 403);
    expect(await isOut(ada.context()), true);
  });
};
