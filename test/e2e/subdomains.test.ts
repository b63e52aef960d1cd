import { once } from "node:events";
import { connect } from "node:tls";
import test from "ava";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { assetPath } from "../../src/operator/assets.js";
import {
  newNotebook,
  openBrowser,
  openJupyterLab,
  runCell,
  saveNotebook,
  saveScreenshot,
  stopServer,
} from "./support/browser.js";
import { classIn, guestOf } from "./support/class.js";
import { roomPassword, workshop } from "./support/lab.js";
import { writeServerPages } from "./support/server-pages.js";
import { passwordOf } from "./support/staff.js";
import { logIn as logInAt } from "./support/user.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// A class gets a host for each user while a server runs, Chromium uses it, and mallory's pages attack an admin. At the end the hosts
// go again. Each test continues from the previous one.
const lab = await warmClass("e2e-subdomains", { machines: 2, memory: 2304 });
const domain = "geo.example.org";
const hub = `https://${domain}`;
const hostOf = (user: string): string => `https://${user}.${domain}`;
const yaml = (address: string): string => `name: warm
${address}manager: node1
workers: [node2]
storage: {device: /dev/ubdb, quota: 100M}
tls: self-signed
login: {shared-password: from-env ROOM_PASSWORD, admins: [ada]}
servers: {image: "${lab.image}", memory: 400M, cpu: 0.5}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`;
const withHosts = await workshop(lab, yaml(`domain: {name: ${domain}, subdomains: true}\n`));
const withoutHosts = await workshop(lab, yaml(""));
const { logIn, containerOf, nodeOf } = classIn(lab);
let browser: Browser;
let alice: Page;
let mallory: Page;

test.before(async () => {
  await changeTo(withoutHosts);
  const ip = lab.reachableAddress(1);
  browser = await openBrowser(lab, {
    args: [
      "--ignore-certificate-errors",
      "--disable-popup-blocking",
      `--host-resolver-rules=MAP ${domain} ${ip}, MAP *.${domain} ${ip}`,
    ],
  });
});

test.after.always(async () => {
  await browser?.close();
  await lab.lab("down");
});

test.serial(
  "a class gets hosts for its users: a server that runs stops, and starts anew at its host",
  async (t) => {
    const bob = await logIn("bob");
    t.teardown(() => bob.close());
    t.true((await bob.start()).ready);
    const plan = await withHosts.swarmhub("plan");
    t.regex(plan.stdout, /logins pause for about half a minute, running servers go on/);
    t.regex(plan.stdout, /stop the server of one user, as its address changes/);
    await changeTo(withHosts);
    const page = await openJupyterLab(browser, hub, "bob", roomPassword);
    t.true(page.url().startsWith(`${hostOf("bob")}/user/bob/lab`), page.url());
    await newNotebook(page);
    t.is(await runCell(page, "print(6 * 7)"), "42");
    await page.context().close();
    t.regex((await withHosts.swarmhub("up")).stderr, /nothing had to change/);
  },
);

test.serial("the self-signed certificate is for the domain and all users' hosts", async (t) => {
  const socket = connect({
    host: lab.reachableAddress(1),
    port: 443,
    servername: `alice.${domain}`,
    rejectUnauthorized: false,
  });
  await once(socket, "secureConnect");
  const names = socket.getPeerCertificate().subjectaltname ?? "";
  socket.destroy();
  t.true(names.includes(`DNS:${domain}`), names);
  t.true(names.includes(`DNS:*.${domain}`), names);
});

test.serial("JupyterLab, its kernels and announcements work on a user's own host", async (t) => {
  alice = await openJupyterLab(browser, hub, "alice", roomPassword);
  t.true(alice.url().startsWith(`${hostOf("alice")}/user/alice/lab`), alice.url());
  await newNotebook(alice);
  t.is(await runCell(alice, "print(6 * 7)"), "42");
  await saveNotebook(alice);
  await alice.locator("#swarmhub-class-help").waitFor({ timeout: 60_000 });
  t.is((await withHosts.swarmhub("announce", "We continue at 11:30")).code, 0);
  await alice.getByText("We continue at 11:30").waitFor({ timeout: 15_000 });
  await saveScreenshot(alice, "subdomains");
  t.is((await withHosts.swarmhub("announce", "--withdraw")).code, 0);
  await alice.goto(`${hub}/user/alice/lab`);
  await alice.waitForURL(`${hostOf("alice")}/user/alice/lab**`);
  await alice.goto(`${hostOf("alice")}/`);
  await alice.waitForURL(`${hostOf("alice")}/user/alice/lab**`);
});

test.serial(
  "a user with spaces and umlauts has a host too, and unknown hosts lead to the hub",
  async (t) => {
    const page = await openJupyterLab(browser, hub, "Jürgen Müller", roomPassword);
    t.regex(
      page.url(),
      /^https:\/\/[a-z0-9-]+\.geo\.example\.org\/user\/j%C3%BCrgen%20m%C3%BCller\/lab/,
    );
    await newNotebook(page);
    t.is(await runCell(page, "print(6 * 7)"), "42");
    await stopServer(page, hub);
    await page.goto(`${hostOf("nobody")}/user/nobody/lab`);
    t.true(page.url().startsWith(`${hub}/hub/`), page.url());
    await page.context().close();
  },
);

/** Calls a function of attacks.js in mallory's page. */
const call = (page: Page, name: string, ...argv: string[]): Promise<string> =>
  page.evaluate(`${name}(...${JSON.stringify(argv)})`);

const secrets = /xsrf_token|_xsrf=|"kind": "user"|"mimetype"|jupyter-config-data|connected/;
const found = (text: string): string =>
  secrets.test(text) ? `leaked: ${secrets.exec(text)?.[0]}` : "closed";

/** The outcome of each attack from mallory's page in a browser in which ada is logged in. */
const attack = async (page: Page, context: BrowserContext): Promise<Record<string, string>> => {
  const results: Record<string, string> = {};
  const ada = `${hostOf("ada")}/user/ada`;
  const others = [`${hub}/hub/token`, `${hub}/hub/api/users`, `${ada}/lab`, `${ada}/api/contents`];
  for (const address of [...others, "/hub/token", "/hub/api/users", "/user/ada/lab"]) {
    for (const mode of ["no-cors", "cors", "same-origin"])
      results[`fetch ${mode} ${address}`] = found(await call(page, "readByFetch", address, mode));
    results[`frame ${address}`] = found(await call(page, "readByFrame", address));
    results[`window ${address}`] = found(await call(page, "readByWindow", address));
  }
  results["ada's kernels"] = await page.evaluate<string>(
    `new Promise((resolve) => {
      const socket = new WebSocket("${ada.replace("https", "wss")}/api/events/subscribe");
      socket.onopen = () => resolve("connected");
      socket.onerror = () => resolve("closed");
    })`,
  );
  for (const scope of ["/", "/hub/"]) {
    const result = await call(page, "registerWorker", "/user/mallory/worker.js", scope);
    results[`worker for ${scope}`] = result.startsWith("registered") ? result : "closed";
  }
  await page.goto(`${hostOf("mallory")}/user/mallory/plant`);
  const cookies = await context.cookies([hub, hostOf("ada")]);
  results["a cookie for the domain"] = cookies.some(({ name }) => name === "planted")
    ? "set"
    : "closed";
  return results;
};

test.serial(
  "a page of mallory's server reads and uses nothing of the hub or of ada's server, in ada's browser",
  async (t) => {
    mallory = await openJupyterLab(browser, hub, "mallory", roomPassword);
    await newNotebook(mallory);
    const pages = {
      evil: `self.set_header("Content-Type", "text/html")
self.write("<p>xsrf_token: this page is mallory's own</p>")`,
      "worker.js": `self.set_header("Content-Type", "text/javascript")
self.set_header("Service-Worker-Allowed", "/")
self.write("self.addEventListener('fetch', () => {})")`,
      plant: `self.set_header("Set-Cookie", "planted=1; Domain=${domain}; Path=/; Secure")
self.write("planted")`,
    };
    t.is(await runCell(mallory, writeServerPages(pages)), "written");
    await stopServer(mallory, hub);
    await mallory.goto(`${hub}/hub/spawn`);
    await mallory.waitForURL(`${hostOf("mallory")}/user/mallory/lab**`, { timeout: 240_000 });

    const password = await passwordOf(withHosts, "admins");
    const ada = await openJupyterLab(browser, hub, "ada", password);
    await ada.goto(`${hub}/hub/admin`);
    await ada.getByRole("cell", { name: "mallory", exact: true }).waitFor({ timeout: 30_000 });
    const page = await ada.context().newPage();
    await page.goto(`${hostOf("mallory")}/user/mallory/evil`);
    await page.addScriptTag({ path: assetPath("test/e2e/support/origin/attacks.js") });
    const own = `${hostOf("mallory")}/user/mallory/evil`;
    t.regex(found(await call(page, "readByFetch", own, "same-origin")), /^leaked/, "it can read");
    t.regex(found(await call(page, "readByFrame", own)), /^leaked/, "it can read frames");
    const worker = "/user/mallory/worker.js";
    t.regex(await call(page, "registerWorker", worker, "/user/mallory/"), /^registered/);
    const results = await attack(page, ada.context());
    t.log(results);
    t.deepEqual(
      Object.entries(results).filter(([, result]) => result !== "closed"),
      [],
    );
    await ada.goto(`${hub}/hub/admin`);
    t.is(ada.url(), `${hub}/hub/admin`, "ada is still logged in");
    await ada.context().close();
  },
);

test.serial(
  "without the domain, servers at hosts that are gone stop, and start anew with their homes",
  async (t) => {
    const plan = await withoutHosts.swarmhub("plan");
    t.regex(plan.stdout, /stop the servers of \d users, as their addresses change/);
    await changeTo(withoutHosts);
    const user = await logInAt(`https://${lab.reachableAddress(1)}`, "alice");
    t.teardown(() => user.close());
    t.true((await user.start()).ready);
    const files = `docker exec ${await containerOf("alice")} ls`;
    t.regex(await lab.on(guestOf(await nodeOf("alice")), files), /Untitled\.ipynb/);
    t.regex((await withoutHosts.swarmhub("up")).stderr, /nothing had to change/);
  },
);
