import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { certificateFault } from "../../../../src/checks/login/directory.js";
import { fakeHost } from "../../../support/fakes.js";
import { runScript } from "./run-script.js";
import { openChromium } from "../chromium.js";
import { domain, startLoginSite } from "../login/site.js";
import { tryCas } from "./cas.js";
import { type LdapDirectory, makeDirectory } from "./directory.js";
import { type CampusServers, startCampus } from "./servers.js";
import { expect, hub, isIn, refusalOn, seen, step } from "./steps.js";

// Chromium logs in to a class on loopback at a real CAS server, a real LDAP directory and a stand-in for a learning platform. This
// program prints as JSON what it saw. It runs in a network namespace of its own: see ../isolated-program.ts.

const ldapPort = 8701;
const common = { publicUrl: hub, admins: ["prof"] };

/** LDAP: the form of the login page. */
const tryLdap = async (browser: Browser, directory: LdapDirectory, root: string): Promise<void> => {
  const logIn = async (name: string, password: string) => {
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${hub}/hub/login?next=%2Fhub%2Fhome`);
    await page.fill("#username_input", name);
    await page.fill("#password_input", password);
    await page.click("#login_submit");
    return page;
  };
  await step("ldap: a member is in", async () => isIn(await logIn("ADA", "ada-password")));
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
  const host = { ...fakeHost("manager"), script: runScript };
  await step("ldap: `check` finds a valid certificate, and one that is not", async () => {
    const url = `ldap://localhost:${ldapPort}`;
    expect(await certificateFault(host, url, root), undefined);
    expect((await certificateFault(host, url, undefined))?.kind, "unsafe");
    expect((await certificateFault(host, "ldaps://localhost:1", root))?.kind, "silent");
  });
  await directory.stop();
  await step("ldap: a directory that is down is a sentence", async () =>
    refusalOn(await logIn("ada", "ada-password"), "Example University does not answer."),
  );
  const silent = createServer(() => {}).listen(ldapPort, "127.0.0.1");
  await step("ldap: a silent directory is a sentence", async () =>
    refusalOn(await logIn("ada", "ada-password"), "Example University does not answer."),
  );
  silent.close();
};

/** LTI: a link in a course. */
const tryLti = async (browser: Browser, campus: CampusServers): Promise<void> => {
  const context = await browser.newContext();
  const course = await context.newPage();
  await course.goto(`${campus.address}/course`);
  const open = async () => {
    const [page] = await Promise.all([context.waitForEvent("page"), course.click("#window")]);
    return page;
  };
  await step("lti: a link in a course is in, in a new window", async () => isIn(await open()));
  await step("lti: it does not open in a frame", async () => {
    const [answer] = await Promise.all([
      course.waitForResponse(`${hub}/hub/lti13/oauth_login`),
      course.click("#frame"),
    ]);
    expect(answer.status(), 403);
  });
  campus.launch.course = "8";
  await step("lti: another course is refused", async () => {
    await context.clearCookies();
    await refusalOn(await open(), "You logged in as ada. The class geo-101 is open to members of");
  });
  Object.assign(campus.launch, { course: "7", deployment: "5" });
  await step("lti: another deployment is refused", async () =>
    refusalOn(await open(), "This launch is not valid."),
  );
  campus.launch.deployment = "4";
  await step("lti: the login page says where to open the class", async () => {
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${hub}/hub/login`);
    await page.getByText("Open the class from your course in Moodle.").waitFor();
    expect(await page.locator("input[type=password]").count(), 0);
  });
};

const main = async (): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-campus-"));
  const roots = join(folder, "class-root.pem");
  const campus = await startCampus(folder, hub, roots);
  const ldapFolder = join(folder, "ldap");
  await mkdir(ldapFolder);
  const directory = await makeDirectory(ldapFolder, ldapPort, campus.pair);
  const service = "Example University";
  const cas = { kind: "cas", service, url: `${campus.address}/cas`, groups: "memberOf" };
  const ldap = {
    kind: "ldap",
    service,
    url: `ldap://localhost:${ldapPort}`,
    base: directory.base,
    attribute: "uid",
    reader: `cn=reader,${directory.base}`,
    groups: { "geo-101": `cn=geo-101,${directory.base}` },
  };
  const lti = {
    kind: "lti",
    service: "Moodle",
    issuer: campus.address,
    client: "client-1",
    deployments: ["4"],
    authorize: `${campus.address}/auth`,
    keys: `${campus.address}/keys`,
  };
  const site = await startLoginSite({
    settings: { ...common, loginMethod: cas, allowedGroups: ["geo-101"] },
    secrets: { "login-ca": campus.root, "login-password": "reader-password" },
  });
  await writeFile(roots, site.root);
  // The CAS server reaches the class at its port for single log-out.
  const forward = createServer((socket) => {
    const onward = connect(site.port, "127.0.0.1");
    socket.pipe(onward).pipe(socket);
    for (const each of [socket, onward]) each.on("error", () => each.destroy());
  }).listen(443, "127.0.0.1");
  const browser = await openChromium({
    hosts: { [domain]: site.port },
    keys: [site.key, ...campus.keys],
  });
  try {
    await tryCas(browser, campus);
    await directory.start();
    await site.restart({ settings: { loginMethod: ldap }, secrets: {} });
    await tryLdap(browser, directory, campus.root);
    await site.restart({
      settings: { loginMethod: lti, allowedGroups: ["course:7"] },
      secrets: {},
    });
    await tryLti(browser, campus);
    seen["memory"] = `${site.state().kilobytes} kB`;
  } finally {
    await browser.close();
    forward.close();
    await site.close();
    await campus.close();
    await rm(folder, { recursive: true });
  }
  process.stdout.write(`\n${JSON.stringify(seen)}`);
  process.exit(0);
};

await main();
