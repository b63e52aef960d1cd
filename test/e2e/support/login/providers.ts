import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect, hub, isIn, isOut, refusalOn, seen, statusOf, step } from "../campus/steps.js";
import { openChromium } from "../chromium.js";
import { logInAtOnce, startWithPasswords } from "./fifty-logins.js";
import { guess } from "./guesses.js";
import { type LoginSite, domain, startLoginSite } from "./site.js";
import { type StandIn, startStandIn } from "./stand-in.js";

// Chromium logs in to a class on loopback at stand-ins for GitHub, Google, Globus and CILogon, which are made by their documentation; then
// fifty people log in at once with passwords of their own, and somebody guesses one of them. This program prints as JSON what it saw. It runs in a network namespace of its
// own: see ../isolated-program.ts.

const client = { id: "class-client", secret: "class-secret" }; // those of stand_in.py
const entity = "https://idp.uni.example/shibboleth";

type Provider = {
  kind: string;
  service: string;
  options: Record<string, unknown>;
  accounts: Record<"ada" | "bob" | "prof", Record<string, unknown>>;
  refusal: string;
  prompt: string;
};

const google = (name: string, hd = "uni.example") => ({
  sub: `g-${name}`,
  email: `${name}@${hd}`,
  email_verified: true,
  hd,
});
const globus = (name: string, at = "uni.example") => ({
  sub: `b-${name}`,
  preferred_username: `${name}@${at}`,
});
const cilogon = (name: string, idp = entity) => ({
  sub: `http://cilogon.org/serverA/users/${name}`,
  idp,
  idp_name: idp === entity ? "Uni" : "Another University",
  eppn: `${name}@uni.example`,
});

const providers: Provider[] = [
  {
    kind: "github",
    service: "GitHub",
    options: { username: "login", organizations: ["geo-101"] },
    accounts: {
      ada: { id: 1, login: "Ada", email: null },
      bob: { id: 2, login: "bob", email: null },
      prof: { id: 3, login: "prof", email: null },
    },
    refusal: "You logged in as bob at GitHub. This class is open to members of geo-101.",
    prompt: "select_account",
  },
  {
    kind: "google",
    service: "Google",
    options: { username: "email", domains: ["uni.example"] },
    accounts: { ada: google("ada"), bob: google("bob", "else.example"), prof: google("prof") },
    refusal: "You logged in as bob@else.example at Google. This class is open to accounts of",
    prompt: "select_account",
  },
  {
    kind: "globus",
    service: "Globus",
    options: { domains: ["uni.example"] },
    accounts: { ada: globus("ada"), bob: globus("bob", "globusid.org"), prof: globus("prof") },
    refusal: "You logged in as bob@globusid.org at Globus.",
    prompt: "login",
  },
  {
    kind: "cilogon",
    service: "CILogon",
    options: { username: "eppn", domains: ["uni.example"], identityProviders: [entity] },
    accounts: {
      ada: cilogon("ada"),
      bob: cilogon("bob", "https://idp.else.example"),
      prof: cilogon("prof"),
    },
    refusal: "You logged in as a user of Another University at CILogon.",
    prompt: "login",
  },
];

const signIn = async (context: BrowserContext, service: string): Promise<Page> => {
  const page = await context.newPage();
  await page.goto(`${hub}/hub/login?next=%2Fhub%2Fhome`);
  await page.click(`text=Sign in with ${service}`);
  return page;
};

const tryProvider = async (
  { kind, service, options, accounts, refusal, prompt }: Provider,
  browser: Browser,
  site: LoginSite,
  standIn: StandIn,
): Promise<void> => {
  const loginMethod = {
    kind,
    issuer: standIn.url,
    service,
    client: client.id,
    username: "preferred_username",
    groups: null,
    domains: [],
    organizations: [],
    identityProviders: [],
    ...options,
  };
  await site.restart({
    settings: { loginMethod, admins: ["prof"] },
    secrets: { "login-secret": client.secret },
  });
  await standIn.change({ claims: accounts.ada, members: { "geo-101": ["Ada"] }, fault: "" });
  const ada = await browser.newContext();
  let page = await signIn(ada, service);
  await step(`${kind}: a member is in`, () => isIn(page));
  await step(`${kind}: out, and in again`, async () => {
    await page.click("#logout");
    await page.waitForURL(`${hub}/hub/login`);
    await isIn(await signIn(ada, service));
  });
  await standIn.change({ claims: accounts.bob });
  page = await signIn(await browser.newContext(), service);
  await step(`${kind}: somebody else is refused`, () => refusalOn(page, refusal));
  await standIn.change({ claims: accounts.prof });
  await step(`${kind}: another account is asked for, and gets in as an admin`, async () => {
    await page.click("text=Sign in with another account");
    await page.waitForURL(/geo\.example\.org\/(hub\/(spawn|home)|user\/)/, { waitUntil: "commit" });
    expect((await standIn.change({}))["prompt"], prompt);
    await page.goto(`${hub}/hub/home`);
    expect(await statusOf(page, "/hub/api/users"), 200);
  });
  const admin = page;
  await standIn.change({ claims: accounts.ada });
  const unreadable = `${service} gave an answer that this class does not understand`;
  const faults: [string, Record<string, unknown>, string][] = [
    ["nonsense", { fault: "nonsense" }, unreadable],
    ["an error", { fault: "error" }, unreadable],
    ["silence", { fault: "silent" }, `${service} does not answer. Try again in a minute.`],
    ["an expired certificate", { expired: true }, `${service} cannot be reached safely`],
  ];
  for (const [what, change, words] of faults) {
    await standIn.change(change);
    await step(`${kind}: ${what} is a sentence, and those who are in go on`, async () => {
      page = await (await browser.newContext()).newPage();
      await page.goto(`${hub}/hub/oauth_login`);
      await refusalOn(page, words);
      expect(await statusOf(admin, "/hub/api/users"), 200);
    });
    await standIn.change({ fault: "", expired: false });
  }
  if (kind === "github") {
    page = await signIn(await browser.newContext(), service);
    await isIn(page);
    await standIn.change({ members: {} });
    await step(
      "github: who has left the organization is refused, and is out everywhere",
      async () => {
        const refused = await signIn(await browser.newContext(), service);
        await refusalOn(refused, "This class is open to members of geo-101.");
        expect(await isOut(page.context()), true);
      },
    );
    await standIn.change({ members: { "geo-101": ["Ada"] } });
  }
  await site.restart({ settings: { admins: [] }, secrets: { "login-secret": "wrong" } });
  await step(`${kind}: a demoted admin is none`, async () =>
    expect(await statusOf(admin, "/hub/api/users"), 403),
  );
  await step(`${kind}: a wrong secret is named`, async () =>
    refusalOn(
      await signIn(await browser.newContext(), service),
      `${service} does not accept this class`,
    ),
  );
  seen[`memory with ${kind}`] = `${site.state().kilobytes} kB`;
};

const tryGuesses = (site: LoginSite, passwords: ReadonlyMap<string, string>) =>
  step("passwords: ten thousand guesses find nothing, and keep nobody out", async () => {
    const { statuses, seconds, slowest, ownerIsIn } = await guess(site, passwords, "user0", 10_000);
    seen["seconds for ten thousand guesses"] = String(seconds);
    seen["seconds of the slowest page meanwhile"] = String(slowest / 1000);
    const { 403: compared = 0, 302: found = 0, ...others } = statuses;
    const sum = Object.values(others).reduce((all, each) => all + each, 0);
    expect(found, 0);
    expect(Object.keys(others).join(), "429");
    expect(compared + sum, 10_000);
    // Ten at once, then one every six seconds.
    if (compared > 15 + seconds / 6) throw new Error(`${compared} guesses were compared`);
    expect(ownerIsIn, true);
  });

const main = async (): Promise<void> => {
  const standIn = await startStandIn(`${hub}/hub/oauth_callback`);
  const site = await startLoginSite({
    settings: { publicUrl: hub },
    secrets: { "login-secret": client.secret, "login-ca": standIn.roots },
  });
  seen["memory with a password of the class"] = `${site.state().kilobytes} kB`;
  const browser = await openChromium({
    hosts: { [domain]: site.port },
    keys: [site.key, ...standIn.keys],
  });
  try {
    for (const provider of providers) await tryProvider(provider, browser, site, standIn);
    const passwords = await startWithPasswords(site, 50);
    seen["seconds for fifty logins"] = String(await logInAtOnce(site, passwords));
    seen["memory with passwords"] = `${site.state().kilobytes} kB`;
    await tryGuesses(site, passwords);
  } finally {
    await browser.close();
    await site.close();
    await standIn.close();
  }
  process.stdout.write(`\n${JSON.stringify(seen)}`);
  process.exit(0);
};

await main();
