import { once } from "node:events";
import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { exitCode } from "../../src/errors.js";
import { waitUntil } from "../../src/wait.js";
import { openBrowser } from "./support/browser.js";
import { installCas } from "./support/campus/cas-environment.js";
import { classIn } from "./support/class.js";
import { gatewayOf, startInLab } from "./support/in-lab.js";
import { roomPassword, workshop } from "./support/lab.js";
import { passwordOf } from "./support/staff.js";
import { type User, logIn } from "./support/user.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// People with names: a roster with personal passwords, a class that closes, and accounts of an identity provider.
const lab = await warmClass("e2e-people", { machines: 2, memory: 2304 });
const yamlOf = (login: string): string => `name: warm
manager: node1
workers: [node2]
storage: {device: /dev/ubdb, quota: {default: 60M, lab-1: 90M}}
login: ${login}
servers: {image: "${lab.image}", memory: 400M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`;
const roster = (...rows: string[]): string =>
  `${["username,name,group", ...rows].join("\r\n")}\r\n`;
const bob = "bob,Bob Baker,Lab 1";
const carol = "carol,Carol Clark,Lab 2";
const shop = await workshop(
  lab,
  yamlOf("{passwords: generated, roster: ./students.csv, admins: [ada], teachers: [grace]}"),
);
const { swarmhub, folder } = shop;
await writeFile(join(folder, "students.csv"), roster(bob, carol));
const address = `https://${lab.reachableAddress(1)}`;
const { nodeOf } = classIn(lab);

/** The passwords on the slips in this folder, by user name; a later file has the newer ones. */
const slips = async (): Promise<Map<string, string>> => {
  const files = (await readdir(folder)).filter((name) => /^slips-.*html$/.test(name));
  const pages = await Promise.all(
    files.map(async (name) => ({
      made: (await stat(join(folder, name))).mtimeMs,
      text: await readFile(join(folder, name), "utf8"),
    })),
  );
  const pattern = /User name<\/dt><dd[^>]*>([^<]*)<\/dd>\s*<dt>Password<\/dt><dd[^>]*>([^<]*)</g;
  return new Map(
    pages
      .toSorted((one, other) => one.made - other.made)
      .flatMap(({ text }) =>
        [...text.matchAll(pattern)].map(
          ([, name = "", password = ""]) => [name, password] as const,
        ),
      ),
  );
};

const slipOf = async (name: string): Promise<string> => (await slips()).get(name) ?? "";

/** "in", or the status of the refusal. */
const tryLogin = async (name: string, password: string): Promise<string> =>
  logIn(address, name, password).then(
    async (user) => {
      await user.close();
      return "in";
    },
    (error: Error) => error.message,
  );

const archives = async (): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith(".tar.gz"));

const hubContainer = (): Promise<string> => lab.on(1, "docker ps -q -f name=warm-hub");

test.before(() => changeTo(shop));

test.after.always(() => lab.lab("down"));

test.serial(
  "each person logs in with the password on the slip, and with no other one",
  async (t) => {
    t.deepEqual([...(await slips()).keys()].toSorted(), ["bob", "carol"]);
    t.is(await lab.on(1, "stat -c %a /etc/swarmhub/roster.json"), "600\n");
    t.is(await tryLogin("bob", await slipOf("bob")), "in");
    t.regex(await tryLogin("bob", await slipOf("carol")), /403/);
    t.regex(await tryLogin("bob", roomPassword), /403/);
    t.regex(await tryLogin("dave", await slipOf("bob")), /403/);
    t.is(await tryLogin("ada", await passwordOf(shop, "admins")), "in");
    t.is(await tryLogin("grace", await passwordOf(shop, "teachers")), "in");
    const again = await swarmhub("up", "--yes");
    t.regex(again.stderr, /nothing had to change/);
  },
);

test.serial("a group of the roster has its quota, and a server runs on it", async (t) => {
  const user = await logIn(address, "bob", await slipOf("bob"));
  t.teardown(() => user.close());
  const { ready, output } = await user.start();
  t.true(ready, output);
  const { stdout } = await swarmhub("quota", "ls", "--json");
  const { homes } = JSON.parse(stdout) as { homes: { home: string; limitBytes: number }[] };
  t.is(homes.find(({ home }) => home === "bob")?.limitBytes, 90 * 2 ** 20);
});

test.serial(
  "in a browser, a changed password ends the other logins, and a new slip ends it",
  async (t) => {
    const other = await logIn(address, "carol", await slipOf("carol"));
    t.teardown(() => other.close());
    const browser = await openBrowser(lab);
    t.teardown(() => browser.close());
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
    await page.goto(`https://${lab.address(1)}/hub/login?next=%2Fhub%2Fpassword`);
    await page.fill("#username_input", "carol");
    await page.fill("#password_input", await slipOf("carol"));
    await page.click("#login_submit");
    await page.fill("#old", await slipOf("carol"));
    await page.fill("#new", "correct horse battery");
    await page.fill("#again", "correct horse battery");
    await page.click("input[type=submit]");
    await page.getByText("Your password is changed").waitFor();
    t.is(await other.statusOf("/hub/home"), 302, "the other browser has to log in again");
    t.regex(await tryLogin("carol", await slipOf("carol")), /403/);
    t.is(await tryLogin("carol", "correct horse battery"), "in");
    const { code, stderr } = await swarmhub("roster", "reset", "carol");
    t.is(code, 0, stderr);
    await waitUntil(
      async () => ((await tryLogin("carol", await slipOf("carol"))) === "in" ? true : undefined),
      { deadline: 30_000, otherwise: () => new Error("the new slip does not open the class") },
    );
    t.regex(await tryLogin("carol", "correct horse battery"), /403/);
  },
);

test.serial(
  "who leaves the roster is out without a restart of the hub, and finishes in the running server",
  async (t) => {
    const user: User = await logIn(address, "bob", await slipOf("bob"));
    t.teardown(() => user.close());
    await nodeOf("bob");
    const path = "/user/bob/api/status";
    await user.readPage("/user/bob/lab");
    t.is(await user.statusOf(path), 200);
    const before = await hubContainer();
    await writeFile(join(folder, "students.csv"), roster(carol, "dora,Dora Diaz,Lab 1"));
    const plan = await swarmhub("plan");
    t.regex(plan.stdout, /remove bob \(Bob Baker\), whose server is running/);
    t.regex(plan.stdout, /add dora/);
    const { code, stderr } = await swarmhub("up", "--yes");
    t.is(code, 0, stderr);
    t.is(await hubContainer(), before, "the hub did not restart");
    t.regex(await tryLogin("bob", (await slips()).get("bob") ?? ""), /403/);
    t.is(await tryLogin("dora", await slipOf("dora")), "in");
    t.is(await user.statusOf(path), 200, "the running server goes on");
    t.regex((await swarmhub("homes", "ls")).stdout, /bob/);
    const archived = await swarmhub("homes", "archive", "--removed", "--to", folder);
    t.is(archived.code, 0, archived.stderr);
    t.deepEqual(await archives(), ["bob.tar.gz"], "of carol and dora, who are on the roster, none");
    t.regex(archived.stderr, /the home of bob was in use/);
  },
);

test.serial(
  "a closed class lets only teachers in, says until when, and opens by itself",
  async (t) => {
    const until = new Date(Date.now() + 100_000);
    const text = `${until.getFullYear()}-${two(until.getMonth() + 1)}-${two(until.getDate())} ${two(until.getHours())}:${two(until.getMinutes() + 1)}`;
    const { code, stdout, stderr } = await swarmhub("close", "--until", text);
    t.is(code, 0, stderr);
    t.log(stdout);
    t.regex(await tryLogin("carol", await slipOf("carol")), /403/);
    t.is(await tryLogin("grace", await passwordOf(shop, "teachers")), "in");
    await waitUntil(
      async () => ((await tryLogin("carol", await slipOf("carol"))) === "in" ? true : undefined),
      { deadline: 240_000, every: 3000, otherwise: () => new Error("the class does not open") },
    );
  },
);

const two = (number: number): string => String(number).padStart(2, "0");

test.serial(
  "with an identity provider, a member is in, and others read by whom and what to do",
  async (t) => {
    const callback = `https://${lab.address(1)}/hub/oauth_callback`;
    const { server, said } = await startInLab(t, lab, "login/oidc-in-lab", [
      gatewayOf(lab),
      callback,
    ]);
    const { issuer = "", root = "" } = said;
    await writeFile(join(folder, "root.pem"), root);
    await writeFile(join(folder, "secret.txt"), "class-secret");
    const oidc = `{issuer: "${issuer}", client: class-client, secret: from-file secret.txt, username: preferred_username, groups: groups, ca: ./root.pem}`;
    await writeFile(
      join(folder, "swarmhub.yaml"),
      yamlOf(`{oidc: ${oidc}, allow: {groups: [geo-101]}}`).replace("lab-1: 90M", "geo-101: 90M"),
    );
    const plan = await swarmhub("plan");
    t.regex(plan.stdout + plan.stderr, /bob/, "the homes whose owners may have other names");
    const { code, stderr } = await swarmhub("up", "--yes");
    t.is(code, 0, stderr);
    t.true(stderr.includes(callback), stderr);
    t.false(stderr.includes("does not answer"), stderr);
    const browser = await openBrowser(lab);
    t.teardown(() => browser.close());
    const enter = async (account: string) => {
      const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
      await page.goto(`https://${lab.address(1)}/hub/login?next=%2Fhub%2Fhome`);
      await page.click("text=Sign in with");
      const form = page.locator("[name=login]");
      const problem = page.locator("#sign-in-refused");
      await form.or(problem).first().waitFor({ timeout: 60_000 });
      if (!(await form.isVisible())) throw new Error((await problem.textContent()) ?? "");
      await form.fill(account);
      await page.fill("[name=password]", "any");
      await page.click("[type=submit]");
      const consent = page.getByRole("button", { name: "Continue" });
      await consent
        .or(page.locator("#sign-in-refused, #logout"))
        .first()
        .waitFor({ timeout: 60_000 });
      if (await consent.isVisible()) await consent.click();
      await page.locator("#sign-in-refused, #logout").first().waitFor({ timeout: 60_000 });
      return page;
    };
    const handOut = async (file: string) => {
      await writeFile(join(folder, file), "for geo-101\n");
      const handed = await swarmhub("handout", file, "--to", "geo-101");
      t.is(handed.code, 0, handed.stderr);
      return handed;
    };
    // Before anybody of the group has been here.
    t.regex((await handOut("early.txt")).stderr, /later members of geo-101, get it/);
    const ada = await enter("a1");
    t.true(await ada.locator("#logout").isVisible());
    await ada.goto(`https://${lab.address(1)}/hub/spawn`, { waitUntil: "commit" });
    const limitOfAda = async (): Promise<number | undefined> => {
      const { homes } = JSON.parse((await swarmhub("quota", "ls", "--json")).stdout) as {
        homes: { home: string; limitBytes: number | null }[];
      };
      // null: the home is there, and the watcher has not set its limit yet.
      return homes.find(({ home }) => home === "ada")?.limitBytes ?? undefined;
    };
    const failed = () => new Error("ada has no home");
    const limit = await waitUntil(limitOfAda, { deadline: 120_000, otherwise: failed });
    t.is(limit, 90 * 2 ** 20, "the quota of the group that the provider names");
    t.regex((await swarmhub("homes", "show", "ada")).stdout, /the provider names geo-101/);
    t.is((await swarmhub("quota", "check")).code, 0, "and it is no drift");
    const inHomes = () => lab.on(1, "cd /srv/swarmhub/homes && ls */*.txt 2>/dev/null || true");
    await waitUntil(async () => (await inHomes()).includes("early.txt") || undefined, {
      deadline: 120_000,
      otherwise: () => new Error("ada's start brought no file"),
    });
    t.regex((await handOut("now.txt")).stdout, /^ada +1$/m);
    t.is(await inHomes(), "ada/early.txt\nada/now.txt\n", "and bob, who is in no group, got none");
    t.regex((await swarmhub("collect", "now.txt")).stdout, /^ada +untouched/m);
    const unknown = await swarmhub("warm", "--group", "geo-102");
    t.is(unknown.code, exitCode.usage, unknown.stderr);
    t.regex(unknown.stderr, /there is no group geo-102/);
    const refused = await enter("b1");
    const sentence = (await refused.locator("#sign-in-refused").textContent()) ?? "";
    t.log(sentence.replaceAll(/\s+/g, " "));
    t.regex(sentence, /geo-101/);
    server.stdin.end();
    await once(server, "exit");
    t.is(await tryLogin("ada", roomPassword).then((text) => text === "in"), false);
    const page = await browser.newPage({ ignoreHTTPSErrors: true });
    const answer = await page.goto(`https://${lab.address(1)}/hub/login`);
    t.is(answer?.status(), 200, "the hub goes on without the provider");
  },
);

test.serial(
  "with a CAS server, a member is in, and others read by whom and what to do",
  async (t) => {
    await installCas();
    const hub = `https://${lab.address(1)}`;
    const { server, said } = await startInLab(t, lab, "campus/cas-in-lab", [gatewayOf(lab), hub]);
    await writeFile(join(folder, "root.pem"), said["root"] ?? "");
    const cas = `{url: "${said["address"]}/cas", groups: memberOf, ca: ./root.pem}`;
    await writeFile(
      join(folder, "swarmhub.yaml"),
      yamlOf(`{cas: ${cas}, admins: [prof], allow: {groups: [geo-101]}}`).replace(
        "lab-1",
        "geo-101",
      ),
    );
    const { code, stderr } = await swarmhub("up", "--yes");
    t.is(code, 0, stderr);
    t.true(stderr.includes(`${hub}/hub/cas`), stderr);
    const browser = await openBrowser(lab);
    t.teardown(() => browser.close());
    const enter = async (name: string) => {
      const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
      await page.goto(`${hub}/hub/login?next=%2Fhub%2Fhome`);
      await page.click("text=Sign in with");
      await page.fill("[name=username]", name);
      await page.fill("[name=password]", `${name}-password`);
      await page.press("[name=password]", "Enter");
      await page.locator("#sign-in-refused, #logout").first().waitFor({ timeout: 60_000 });
      return page;
    };
    t.true(await (await enter("ada")).locator("#logout").isVisible());
    t.regex((await swarmhub("handout", "early.txt", "--to", "staff")).stdout, /^ada +/m);
    const refused = await enter("bob");
    const sentence = (await refused.locator("#sign-in-refused").textContent()) ?? "";
    t.regex(sentence, /You logged in as bob\. The class warm is open to members of geo-101\./);
    const admin = await enter("prof");
    t.is((await admin.goto(`${hub}/hub/admin`))?.status(), 200);
    server.stdin.end();
    await once(server, "exit");
    t.is(
      (await admin.goto(`${hub}/hub/home`))?.status(),
      200,
      "who is in goes on without the server",
    );
  },
);
