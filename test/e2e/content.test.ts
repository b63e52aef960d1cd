import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { execa } from "execa";
import { waitUntil } from "../../src/wait.js";
import { openBrowser, openJupyterLab } from "./support/browser.js";
import { classIn } from "./support/class.js";
import { gatewayOf, startInLab } from "./support/in-lab.js";
import { roomPassword, workshop } from "./support/lab.js";
import { notebookOf } from "./support/notebook-text.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// Content from a private git repository whose server has a root certificate of its own, in a class with homes over NFS. Each test
// continues from the previous one.
const lab = await warmClass("e2e-content", { machines: 2, memory: 2304 });
const yamlOf = (content = ""): string => `name: warm
manager: node1
workers: [node2]
storage: {device: /dev/ubdb, quota: 60M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${lab.image}", memory: 400M, cpu: 1${content}}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`;
const shop = await workshop(lab, yamlOf());
const { swarmhub } = shop;
const { logIn, nodeOf, containerOf } = classIn(lab);
const fetched = "/srv/swarmhub/handouts";
const token = "glpat-Geheim-101";
const withToken = ", token: from-file token.txt, ca: ./root.pem";
const repository = join(shop.folder, "git/course");

const git = (...argv: string[]) => execa("git", argv, { cwd: repository });
const push = async (text: string): Promise<void> => {
  await writeFile(join(repository, "week2/lab1.ipynb"), notebookOf(text));
  await git("add", "-A");
  await git("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", text);
};

/** After a fetch, the hub makes the next one 30 s later at the earliest. */
const untilTheHubLooksAgain = () => pause(31_000);

/** Runs a command in the container of a user, on the worker. */
const inServer = async (user: string, command: string): Promise<string> => {
  await lab.write(2, "/root/student.sh", `cd /home/jovyan\n${command}\n`);
  return lab.on(2, `docker exec -i ${await containerOf(user)} sh -s </root/student.sh`);
};

const start = async (t: ExecutionContext, name: string) => {
  const user = await logIn(name);
  t.teardown(() => user.close());
  const { ready, output, ms } = await user.start();
  t.true(ready, output);
  t.log(`${name}'s server was ready after ${ms} ms`);
  t.is(await nodeOf(name), "node2");
  return user;
};

test.before(async () => {
  await mkdir(join(repository, "week2"), { recursive: true });
  await git("init", "-q", "-b", "main");
  await push("first version");
  await writeFile(join(shop.folder, "token.txt"), token);
  await changeTo(shop);
});

test.after.always(() => lab.lab("down"));

test.serial(
  "what stops the hub from reading the repository is said, and no start waits",
  async (t) => {
    const { said } = await serve(t);
    await useContent(said);
    await changeTo(shop);
    const anna = await start(t, "anna");
    const { stderr } = await swarmhub("link", "week2/lab1.ipynb");
    t.log(stderr);
    t.regex(
      stderr,
      /certificate is not valid, or its root is private and not in servers\.content\.ca/,
    );
    t.is(await lab.on(1, "ls /srv/swarmhub/homes/anna"), "");
    await anna.stop();
  },
);

test.serial("the files come into a home over NFS, and no server has the token", async (t) => {
  const { said } = await serve(t);
  await useContent(said, withToken);
  await changeTo(shop);
  const anna = await start(t, "anna");
  t.regex(await inServer("anna", "cat course/week2/lab1.ipynb"), /first version/);
  const owner = "stat -c %u:%g /srv/swarmhub/homes/anna/course/week2/lab1.ipynb";
  t.is((await lab.on(1, owner)).trim(), "1000:100");
  const places = "/proc/[0-9]*/environ /run/secrets /etc/swarmhub /home/jovyan";
  t.is(await inServer("anna", `grep -rls ${token} ${places} || true`), "");
  t.is(
    await lab.on(2, `docker inspect ${await containerOf("anna")} | grep -c ${token} || true`),
    "0\n",
  );

  // A change of hers, and a version of the teacher's.
  await inServer("anna", "sed -i 's/first version/my work/' course/week2/lab1.ipynb");
  await push("second version");
  await untilTheHubLooksAgain();
  // A start waits five seconds for new files, and goes on with the earlier ones where the hub needs longer, as on a slow machine.
  const bert = await start(t, "bert");
  await waitUntil(
    async () => (await lab.on(1, `grep -rl 'second version' ${fetched} || true`)) || undefined,
    { deadline: 60_000, every: 500, otherwise: () => new Error("the hub fetches nothing") },
  );
  await bert.stop();
  const again = await start(t, "bert");
  t.regex(await inServer("bert", "cat course/week2/lab1.ipynb"), /second version/);
  await again.stop();
  await anna.stop();
  await start(t, "anna");
  t.regex(await inServer("anna", "cat course/week2/lab1.ipynb"), /my work/);
  t.regex(await inServer("anna", "cat 'course/week2/lab1 (new 2).ipynb'"), /second version/);

  const link = await swarmhub("link", "week2/lab1.ipynb");
  t.is(link.code, 0, link.stderr);
  t.notRegex(link.stderr, /repository/);
  const slip = await swarmhub("link", "week2/lab9.ipynb");
  t.regex(slip.stderr, /the repository had no week2\/lab9\.ipynb/);
  const browser = await openBrowser(lab);
  t.teardown(() => browser.close());
  const page = await openJupyterLab(browser, link.stdout.trim(), "carl", roomPassword);
  const cell = page.locator(".jp-Notebook:visible", { hasText: "second version" });
  await cell.waitFor({ timeout: 120_000 });
  t.true(await page.getByRole("tab", { name: "lab1.ipynb" }).isVisible());
});

test.serial(
  "while the repository does not answer, servers start with what was fetched before",
  async (t) => {
    const { said, server } = await serve(t);
    await useContent(said, withToken);
    await changeTo(shop);
    await start(t, "dora");
    await push("third version");
    server.kill("SIGSTOP");
    t.teardown(() => server.kill("SIGCONT"));
    await untilTheHubLooksAgain();
    await start(t, "emil");
    t.regex(await inServer("emil", "cat course/week2/lab1.ipynb"), /second version/);
    await waitUntil(
      async () => /no answer in 60 s/.test((await swarmhub("link")).stderr) || undefined,
      { deadline: 120_000, every: 3000, otherwise: () => new Error("the teacher reads nothing") },
    );
  },
);

const serve = (t: ExecutionContext) =>
  startInLab(t, lab, "content/git-in-lab", [gatewayOf(lab), join(shop.folder, "git"), token]);

/** Writes the configuration of a class with this repository. */
const useContent = async (
  { address = "", root = "" }: Record<string, string>,
  more = "",
): Promise<void> => {
  await writeFile(join(shop.folder, "root.pem"), root);
  const content = `, content: {repository: "${address}/course/.git", folder: course${more}}`;
  await writeFile(join(shop.folder, "swarmhub.yaml"), yamlOf(content));
};
