import test from "ava";
import type { Browser, Page } from "playwright-core";
import { openBrowser, openJupyterLab, saveScreenshot } from "./support/browser.js";
import { homesIn } from "./support/homes/inside.js";
import { roomPassword, workshop } from "./support/lab.js";
import { passwordOf } from "./support/staff.js";
import { type User, logIn } from "./support/user.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// An announcement in a real JupyterLab, a call for help, and the shared folder over NFS. Each test continues from the previous one.
const lab = await warmClass("e2e-announce", { machines: 2, memory: 2048 });
const shop = await workshop(
  lab,
  `name: warm
manager: node1
workers: [node2]
storage: {device: /dev/ubdb, quota: 60M}
login: {shared-password: from-env ROOM_PASSWORD, teachers: [tess]}
servers: {image: "${lab.image}", memory: 400M, cpu: 1, shared: 100M}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`,
);
const { swarmhub } = shop;
const { account } = homesIn(lab);
const address = `https://${lab.reachableAddress(1)}`;
let browser: Browser;
let page: Page;
let tess: User;

/** Runs a command in the container of a user, on either machine; the output and then its exit code. */
const inServer = async (user: string, command: string): Promise<string> => {
  for (const guest of [1, 2]) {
    const container = (await lab.on(guest, `docker ps -q -f name=nb-${user}`)).trim();
    if (container === "") continue;
    await lab.write(guest, "/root/inside.sh", `exec 2>&1\n${command}\necho "code $?"\n`);
    return lab.on(guest, `docker exec -i ${container} sh -s </root/inside.sh`);
  }
  throw new Error(`${user} has no server`);
};

test.before(async () => {
  await changeTo(shop);
  browser = await openBrowser(lab);
});
test.after.always(() => browser.close());
test.after.always(() => lab.lab("down"));

test.serial(
  "a student's JupyterLab shows an announcement within 15 s, and its withdrawal",
  async (t) => {
    // The student first: a mount that is read-only must not make later ones of the same disk read-only.
    page = await openJupyterLab(browser, address, "bob", roomPassword);
    await page.locator("#swarmhub-class-help").waitFor({ timeout: 60_000 });
    t.is(await page.getByText("official Jupyter news").count(), 0);
    const said = await swarmhub("announce", "We continue at 11:30 <b>sharp</b>");
    t.is(said.code, 0, said.stderr);
    await page.getByText("We continue at 11:30 <b>sharp</b>").waitFor({ timeout: 15_000 });
    await saveScreenshot(page, "announced");
    const visitor = await logIn(address, "carol");
    t.teardown(() => visitor.close());
    t.regex(await visitor.readPage("/hub/home"), /We continue at 11:30 &lt;b&gt;sharp/);
    t.is((await swarmhub("announce", "--withdraw")).code, 0);
    const box = page.locator("#swarmhub-class-announcement");
    await box.waitFor({ state: "detached", timeout: 15_000 });
    t.notRegex(await visitor.readPage("/hub/home"), /We continue/);
  },
);

test.serial("a call for help is in the room, also in the terminal", async (t) => {
  await page.click("#swarmhub-class-help");
  await page.getByText("You asked for help").waitFor();
  t.regex((await swarmhub("room", "--once")).stdout, /^bob .*asks for help since/m);
  await page.waitForTimeout(1200);
  await page.click("#swarmhub-class-help");
  await page.getByText("I need help").waitFor();
  t.notRegex((await swarmhub("room", "--once")).stdout, /asks for help/);
});

test.serial(
  "a student cannot write the shared folder, a teacher can, and the student reads it",
  async (t) => {
    t.regex(await inServer("bob", "touch /srv/shared/x"), /Read-only file system[^]*code 1/);
    t.regex(await inServer("bob", "touch ~/still-writable"), /code 0/);
    const password = await passwordOf({ swarmhub }, "teachers");
    tess = await logIn(address, "tess", password);
    t.teardown(() => tess.close());
    const { ready, output } = await tess.start();
    t.true(ready, output);
    t.regex(await inServer("tess", "echo lesson >~/shared/lesson.txt"), /code 0/);
    t.regex(await inServer("bob", "cat ~/shared/lesson.txt"), /lesson\ncode 0/);
    t.regex(await inServer("bob", "rm ~/shared/lesson.txt"), /Read-only file system[^]*code 1/);
    t.regex(await inServer("bob", "mount -o remount,rw /srv/shared"), /code [1-9]/);
    t.regex(await inServer("bob", "touch ~/still-writable-2"), /code 0/);
  },
);

test.serial(
  "the shared folder has a limit of its own, which `status` shows, and collect leaves it out",
  async (t) => {
    t.is((await account("class--shared")).hard, 100 * 1024);
    const full = await inServer("tess", "head -c 120M /dev/zero >/srv/shared/big");
    t.regex(full, /(No space left|Disk quota exceeded)[^]*code 1/);
    t.regex(await inServer("tess", "rm /srv/shared/big"), /code 0/);
    t.regex((await swarmhub("status")).stdout, /^shared folder: .* of 100 MB$/m);
    t.is((await swarmhub("quota", "check")).code, 0);
    t.notRegex((await swarmhub("collect", "lesson.txt")).stdout, /class--shared/);
    t.regex((await swarmhub("up")).stderr, /nothing had to change/);
  },
);
