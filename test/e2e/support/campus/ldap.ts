import { type Socket, createServer } from "node:net";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { certificateFault } from "../../../../src/checks/login/directory.js";
import { fakeHost } from "../../../support/fakes.js";
import type { LoginSite } from "../login/site.js";
import { tryDemotion, tryLeaving } from "./demotion.js";
import type { LdapDirectory } from "./directory.js";
import { runScript } from "./run-script.js";
import type { CampusServers } from "./servers.js";
import { expect, hub, isIn, refusalOn, statusOf, step } from "./steps.js";

/** The port of the directory. */
export const ldapPort = 8701;
const url = `ldap://localhost:${ldapPort}`;

const logInWith = async (
  context: BrowserContext,
  name: string,
  password: string,
): Promise<Page> => {
  const page = await context.newPage();
  await page.goto(`${hub}/hub/login?next=%2Fhub%2Fhome`);
  await page.fill("#username_input", name);
  await page.fill("#password_input", password);
  await page.click("#login_submit");
  return page;
};

/** Logs in with the form of the login page, in every way. */
export const tryLdap = async (
  browser: Browser,
  directory: LdapDirectory,
  campus: CampusServers,
  site: LoginSite,
): Promise<void> => {
  const newBrowser = () => browser.newContext();
  const logIn = async (name: string, password: string) =>
    logInWith(await newBrowser(), name, password);
  const ada = await logIn("ADA", "ada-password");
  await step("ldap: a member is in", () => isIn(ada));
  await step("ldap: out, and in again", async () => {
    await ada.click("#logout");
    await ada.waitForURL(`${hub}/hub/login`);
    await isIn(await logInWith(ada.context(), "ada", "ada-password"));
    await ada.goto(`${hub}/hub/home`);
  });
  await step("ldap: a name with a comma and an umlaut is in", async () =>
    isIn(await logIn("jm7", "Größe 7")),
  );
  await step("ldap: a wrong password is not", async () =>
    refusalOn(await logIn("ada", "wrong"), "Invalid username or password"),
  );
  await step("ldap: a filter as a name is not", async () =>
    refusalOn(await logIn("ada)(uid=*", "ada-password"), "Invalid username or password"),
  );
  await step("ldap: somebody in no group of the class is refused", async () =>
    refusalOn(await logIn("bob", "bob-password"), "You logged in as bob. The class geo-101"),
  );
  const refused = async (words: string) => refusalOn(await logIn("ada", "ada-password"), words);
  await tryCertificates(directory, campus, ada, refused);
  await directory.stop();
  await tryFaults(ada, refused);
  await directory.start(campus.valid);
  await site.restart({ settings: {}, secrets: { "login-password": "wrong" } });
  await step("ldap: a directory that refuses the reader is a sentence", () => refused(silent));
  await site.restart({ settings: {}, secrets: { "login-password": "reader-password" } });
  const way = {
    method: "ldap",
    newBrowser,
    signIn: (context: BrowserContext, name: string) => logInWith(context, name, `${name}-password`),
  };
  await tryDemotion(way, site, { admins: ["prof"], allowedGroups: ["geo-101"] });
  const leave = async (): Promise<void> => {
    await directory.stop();
    await directory.leaveGroup("ada");
    await directory.start(campus.valid);
  };
  await tryLeaving(way, leave, async (context) =>
    refusalOn(await way.signIn(context, "ada"), "You logged in as ada. The class geo-101 is open"),
  );
  await directory.stop();
};

const silent = "Example University does not answer. Try again in a minute.";

const tryCertificates = async (
  directory: LdapDirectory,
  { root, expired, valid }: CampusServers,
  inside: Page,
  refused: (words: string) => Promise<void>,
): Promise<void> => {
  const host = { ...fakeHost("manager"), script: runScript };
  await step("ldap: `check` finds a valid certificate, and one that is not", async () => {
    expect(await certificateFault(host, url, root), undefined);
    expect((await certificateFault(host, url, undefined))?.kind, "unsafe");
    expect((await certificateFault(host, "ldaps://localhost:1", root))?.kind, "silent");
  });
  await directory.stop();
  await directory.start(expired);
  await step("ldap: an expired certificate is a sentence", () =>
    refused("Example University cannot be reached safely, because its certificate is not valid"),
  );
  await step("ldap: `check` names an expired certificate", async () => {
    const fault = await certificateFault(host, url, root);
    expect(`${fault?.kind}: ${fault?.reason}`, "unsafe: certificate has expired");
  });
  await step("ldap: during an expired certificate, those who are in go on", async () =>
    expect(await statusOf(inside, "/hub/api/user"), 200),
  );
  await directory.stop();
  await directory.start(valid);
};

const tryFaults = async (
  inside: Page,
  refused: (words: string) => Promise<void>,
): Promise<void> => {
  const answers: [string, ((socket: Socket) => void) | undefined][] = [
    ["no directory", undefined],
    ["silence", () => {}],
    ["nonsense", (socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")],
  ];
  for (const [what, answer] of answers) {
    const server = answer && createServer(answer).listen(ldapPort, "127.0.0.1");
    await step(`ldap: ${what} is a sentence`, () => refused(silent));
    await step(`ldap: during ${what}, those who are in go on`, async () =>
      expect(await statusOf(inside, "/hub/api/user"), 200),
    );
    server?.close();
  }
};
