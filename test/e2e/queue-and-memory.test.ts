import test from "ava";
import type { Browser, Page } from "playwright-core";
import {
  newNotebook,
  openBrowser,
  openJupyterLab,
  runCell,
  saveScreenshot,
  sendCell,
} from "./support/browser.js";
import { classIn } from "./support/class.js";
import { roomPassword, workshop } from "./support/lab.js";
import { writeServerPages } from "./support/server-pages.js";
import { passwordOf } from "./support/staff.js";
import { type User, logIn as logInAt } from "./support/user.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// A class with one seat. Its server runs out of memory, and others wait for the seat until an admin clears the queue; settings change
// while people wait. Each test continues from the previous one.
const lab = await warmClass("e2e-queue", { machines: 2, memory: 1792 });
const yaml = (servers = ""): string => `name: warm
manager: node1
workers: [node2]
storage: {device: /dev/ubdb, quota: 100M}
login: {shared-password: from-env ROOM_PASSWORD, admins: [ada]}
servers: {image: "${lab.image}", memory: 900M, cpu: 1${servers}}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`;
const address = `https://${lab.reachableAddress(1)}`;
const { logIn, containerOf, waitUntilQueued } = classIn(lab);
let shop = await workshop(lab, yaml());
let browser: Browser;
let page: Page;
let alice: User;
let admin: Page;
const users: User[] = [];

const logInUntilEnd = async (user: string): Promise<User> => {
  const found = await logIn(user);
  users.push(found);
  return found;
};

test.before(async () => {
  await changeTo(shop);
  browser = await openBrowser(lab, { args: ["--ignore-certificate-errors"] });
  alice = await logInUntilEnd("alice");
});

test.after.always(async () => {
  await Promise.all(users.map((user) => user.close()));
  await browser?.close();
  await lab.lab("down");
});

/** The text of the notice in the open JupyterLab, when it has these words. */
const noticeWith = async (words: string): Promise<string> => {
  const notice = page.locator("#swarmhub-class-notice", { hasText: words });
  await notice.waitFor({ timeout: 90_000 });
  return (await notice.locator("div").textContent()) ?? "";
};

test.serial(
  "JupyterLab says that the memory limit ended a kernel, which goes on anew",
  async (t) => {
    page = await openJupyterLab(browser, address, "alice", roomPassword);
    await page.locator("#swarmhub-class-help").waitFor({ timeout: 60_000 });
    t.is(await page.locator("#swarmhub-class-notice").count(), 0);
    const before = await containerOf("alice");
    await newNotebook(page);
    const begun = performance.now();
    // In pieces: Linux refuses at once what is larger than the memory of the machine, and Python says MemoryError.
    await sendCell(page, 'x = [b"x" * (1 << 20) for _ in range(3000)]');
    const text = await noticeWith("memory limit");
    t.log(`after ${Math.round((performance.now() - begun) / 1000)} s: ${text}`);
    t.regex(text, /^Your server reached its memory limit \(900 MB\), so a program in it was ended/);
    await saveScreenshot(page, "kernel out of memory");
    t.is(await containerOf("alice"), before, "the server itself goes on");
    t.regex(
      (await shop.swarmhub("logs", "hub")).stdout,
      /memory limit \(900 MB\) ended 1 process in the server of alice on/,
    );
    await page.getByRole("button", { name: "Close the notice" }).click();
    await page.reload();
    await page.locator("#swarmhub-class-help").waitFor({ timeout: 120_000 });
    await page.waitForTimeout(15_000);
    t.is(await page.locator("#swarmhub-class-notice").count(), 0, "what was closed stays closed");
  },
);

test.serial(
  "a server that the memory limit ended comes back, and JupyterLab says why, also after the page is loaded again",
  async (t) => {
    await page.goto(`${address}/user/alice/lab?reset`);
    await page.locator("#jp-main-dock-panel").waitFor({ timeout: 120_000 });
    await newNotebook(page);
    // The server itself, not a kernel, takes the memory.
    const eat = `self.application.settings["eaten"] = [b"x" * (1 << 20) for _ in range(3000)]`;
    t.is(await runCell(page, writeServerPages({ eat })), "written");
    await alice.stop();
    t.true((await alice.start()).ready);
    await page.goto(`${address}/user/alice/lab?reset`);
    await page.locator("#swarmhub-class-help").waitFor({ timeout: 120_000 });
    const before = await containerOf("alice");
    const begun = performance.now();
    await page.evaluate("void fetch('/user/alice/eat').catch(() => undefined)");
    const text = await noticeWith("was restarted");
    t.log(`after ${Math.round((performance.now() - begun) / 1000)} s: ${text}`);
    t.regex(
      text,
      /^Your server was killed, most likely because it used more memory than its limit \(900 MB\)/,
    );
    t.not(await containerOf("alice"), before);
    await page.goto(`${address}/user/alice/lab?reset`);
    await page.locator("#jp-main-dock-panel").waitFor({ timeout: 240_000 });
    t.regex(await noticeWith("was restarted"), /Your files are unchanged/);
    await saveScreenshot(page, "server out of memory");
  },
);

test.serial(
  "an admin clears the queue with a button: those who wait read why, and the server that runs goes on",
  async (t) => {
    const before = await containerOf("alice");
    const bob = await logInUntilEnd("bob");
    const carol = await logInUntilEnd("carol");
    const starting = [bob.start()];
    await waitUntilQueued("bob");
    starting.push(carol.start());
    const password = await passwordOf(shop, "admins");
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    admin = await context.newPage();
    await admin.goto(`${address}/hub/login?next=%2Fhub%2Fadmin`);
    await admin.fill("#username_input", "ada");
    await admin.fill("#password_input", password);
    await admin.click("#login_submit");
    await admin.waitForURL(`${address}/hub/admin`);
    // Carol's start joins the queue a moment after her request.
    for (let tries = 0; tries < 30; tries += 1) {
      if (await admin.getByText("2 starts wait for a seat").isVisible()) break;
      await admin.waitForTimeout(1000);
      await admin.reload();
    }
    await saveScreenshot(admin, "queue");
    await admin.click("#clear-queue");
    await admin.locator("#homes-note").waitFor();
    t.is(await admin.locator("#clear-queue").count(), 0, "nobody waits any more");
    for (const start of await Promise.all(starting)) {
      t.false(start.ready);
      t.regex(start.output, /All seats are taken/);
      t.regex(start.output, /Your instructor has ended all starts that were waiting for a seat/);
    }
    const services = await lab.on(1, "docker service ls --format '{{.Name}}'");
    t.deepEqual(
      services.split("\n").filter((name) => name.startsWith("warm-nb-")),
      ["warm-nb-alice"],
    );
    t.is(await containerOf("alice"), before);
    t.is((await bob.request("POST", "/hub/queue/clear")).status, 403);
  },
);

test.serial(
  "the hub takes new settings within seconds, and neither logins nor those who wait notice",
  async (t) => {
    const [bob] = users.slice(1);
    const hub = "docker ps -q -f name=hub.1";
    const before = await lab.on(1, hub);
    const starting = bob!.start();
    await waitUntilQueued("bob");
    shop = await workshop(lab, yaml(", idle: 2h, environment: {COURSE: geo-102}"));
    const plan = await shop.swarmhub("plan");
    t.regex(
      plan.stdout + plan.stderr,
      /write \/etc\/swarmhub\/hub\.json.*the hub takes it while it runs/,
    );
    t.notRegex(plan.stdout + plan.stderr, /logins pause/);
    let failures = 0;
    let isOver = false;
    const asking = (async () => {
      while (!isOver) {
        const visitor = await logInAt(address, "dora").catch(() => undefined);
        if (visitor === undefined) failures += 1;
        await visitor?.close();
        await new Promise((next) => void setTimeout(next, 500));
      }
    })();
    const { code, stderr, ms } = await shop.swarmhub("up", "--yes");
    isOver = true;
    await asking;
    t.log(`up took ${Math.round(ms / 1000)} s`);
    t.is(code, 0, stderr);
    t.is(failures, 0, "somebody logs in all the time");
    t.is(await lab.on(1, hub), before, "the hub has not restarted");
    await alice.stop();
    const { ready, output } = await starting;
    t.true(ready, output);
    t.regex((await shop.swarmhub("up")).stderr, /nothing had to change/);
    // Carol's start begins after the change.
    const carol = users[2]!;
    await bob!.stop();
    t.true((await carol.start()).ready);
    const container = await containerOf("carol");
    t.regex(await lab.on(2, `docker exec ${container} env`), /^COURSE=geo-102$/m);
  },
);

test.serial(
  "the hub keeps its settings where it cannot use the file, and `up` writes it again",
  async (t) => {
    const path = "/etc/swarmhub/hub.json";
    // Replaced as a whole, as `up` does.
    await lab.on(1, `sed 's/"cpu": 1,/"cpu": -1,/' ${path} >${path}.new && mv ${path}.new ${path}`);
    const status = "/var/lib/swarmhub/hub/settings.json";
    await lab.on(
      1,
      `for i in $(seq 60); do grep -q 'cpu: must be' ${status} && exit 0; sleep 1; done; exit 1`,
    );
    t.is(await users[2]!.statusOf("/hub/home"), 200);
    const { stdout, stderr } = await shop.swarmhub("status");
    t.regex(stdout + stderr, /write \/etc\/swarmhub\/hub\.json/);
    const { code, stderr: said } = await shop.swarmhub("up", "--yes");
    t.is(code, 0, said);
    t.regex(await lab.on(1, `cat ${status}`), /"problem": null/);
  },
);

test.serial("a script with many new names gets no more than sixty of them at once", async (t) => {
  let accepted = 0;
  let refused = "";
  const tryName = async (name: string): Promise<void> => {
    const user = await logInAt(address, name).catch(
      (error: unknown) => void (refused = String(error)),
    );
    if (user === undefined) return;
    accepted += 1;
    await user.close();
  };
  for (let first = 0; first < 75; first += 15)
    await Promise.all(Array.from({ length: 15 }, (_, at) => tryName(`script${first + at}`)));
  t.log(`${accepted} of 75 names were accepted; the others: ${refused}`);
  t.true(accepted >= 40 && accepted <= 70, String(accepted));
  t.regex(refused, /cannot log in: 429/);
  t.is(await users[2]!.statusOf("/hub/home"), 200, "whoever is known works on");
  const known = await logIn("alice");
  t.teardown(() => known.close());
  t.is(await known.statusOf("/hub/home"), 200, "and logs in anew");
});
