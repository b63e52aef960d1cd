import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { execa } from "execa";
import { contentOf } from "../commands/support/class-with-homes.js";
import { homesIn } from "./support/homes/inside.js";
import { artefactFolder } from "./support/artefacts.js";
import { openBrowser } from "./support/browser.js";
import { workshop } from "./support/lab.js";
import { notebookOf } from "./support/notebook-text.js";
import { passwordOf } from "./support/staff.js";
import { openRoom, photograph } from "./support/story/lesson.js";
import { logIn } from "./support/user.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// Handing out and collecting in a real class: homes over NFS with a quota, students who work on another machine. Each test continues
// from the previous one.
const lab = await warmClass("e2e-handout", { machines: 2, memory: 2304 });
const shop = await workshop(
  lab,
  `name: warm
manager: node1
workers: [node2]
storage: {device: /dev/ubdb, quota: 60M, files: 1k}
login: {shared-password: from-env ROOM_PASSWORD, teachers: [tess], groups: {a: [anna, late]}}
servers: {image: "${lab.image}", memory: 400M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`,
);
const { swarmhub } = shop;
const { account, fill } = homesIn(lab);
const address = `https://${lab.reachableAddress(1)}`;
const homes = "/srv/swarmhub/homes";

/** Writes the teacher's folder week2; a file of this size in MB comes with it. */
const prepare = async (version: number, megabytes: number): Promise<void> => {
  const folder = join(shop.folder, "week2");
  await mkdir(join(folder, "data"), { recursive: true });
  for (const name of ["lab1.ipynb", "lab2.ipynb"])
    await writeFile(join(folder, name), notebookOf(`version ${version} of ${name}`));
  await writeFile(join(folder, "data/rain.bin"), Buffer.alloc(megabytes * 2 ** 20, version));
};

/** Runs a command in the container of a user, on the worker, as they would in a terminal of JupyterLab. */
const asStudent = async (user: string, command: string): Promise<string> => {
  const container = (await lab.on(2, `docker ps -q -f name=nb-${user}`)).trim();
  await lab.write(2, "/root/student.sh", `cd /home/jovyan\n${command}\n`);
  return lab.on(2, `docker exec -i ${container} sh -s </root/student.sh`);
};

const filesOf = async (user: string): Promise<string[]> =>
  (await lab.on(1, `cd ${homes}/${user} && find . -type f ! -path '*/.*/*' -printf '%U:%G %P\\n'`))
    .trim()
    .split("\n")
    .filter((line) => !/ \.[^/]*$/.test(line))
    .toSorted();

test.before(async () => {
  await prepare(1, 5);
  await changeTo(shop);
});

test.after.always(() => lab.lab("down"));

test.serial(
  "a folder is handed out into running and stopped homes, as the users' own files",
  async (t) => {
    for (const name of ["anna", "bert", "dora", "emil"]) {
      const user = await logIn(address, name);
      t.teardown(() => user.close());
      const { ready, output } = await user.start();
      t.true(ready, output);
      if (name === "emil") await user.stop();
    }
    const dry = await swarmhub("handout", "./week2", "--dry-run");
    t.is(dry.code, 0, dry.stderr);
    t.log(dry.stdout);
    t.deepEqual(await lab.on(1, `ls ${homes}/anna`), "");
    const done = await swarmhub("handout", "./week2");
    t.is(done.code, 0, done.stderr);
    t.is(done.stdout, dry.stdout, "the dry run was true");
    for (const name of ["anna", "bert", "dora", "emil"])
      t.deepEqual(
        await filesOf(name),
        ["1000:100 week2/data/rain.bin", "1000:100 week2/lab1.ipynb", "1000:100 week2/lab2.ipynb"],
        name,
      );
    t.regex(await asStudent("anna", "cat week2/lab1.ipynb"), /version 1/, "over NFS");
    t.true((await account("anna")).used >= 5 * 1024, "it counts on the home's quota");
  },
);

test.serial(
  "handed out again, no work is lost, and the table says where the new files are",
  async (t) => {
    await asStudent(
      "anna",
      "sed -i 's/version 1/my work/' week2/lab1.ipynb && rm week2/lab2.ipynb",
    );
    await asStudent("dora", openSession("week2/lab1.ipynb"));
    await prepare(2, 5);
    const again = await swarmhub("handout", "./week2");
    t.is(again.code, 0, again.stderr);
    t.log(again.stdout);
    t.regex(
      again.stdout,
      /^anna .*week2\/lab1\.ipynb was changed; new beside it: week2\/lab1 \(new 2\)\.ipynb/m,
    );
    t.regex(again.stdout, /^dora .*week2\/lab1\.ipynb is open/m);
    t.regex(await asStudent("anna", "cat week2/lab1.ipynb"), /my work/);
    t.regex(await asStudent("anna", "cat 'week2/lab1 (new 2).ipynb'"), /version 2/);
    t.is(await asStudent("anna", "ls week2/lab2.ipynb 2>/dev/null || true"), "");
    t.regex(await lab.on(1, `cat ${homes}/dora/week2/lab1.ipynb`), /version 1/);
    t.regex(await lab.on(1, `cat ${homes}/dora/week2/lab2.ipynb`), /version 2/);
    t.regex(await lab.on(1, `cat ${homes}/emil/week2/lab1.ipynb`), /version 2/);
    t.is(await lab.on(1, `find ${homes} -name '.handout*'`), "", "nothing hidden is left");
  },
);

test.serial(
  "a full home is named and keeps what it has, and gets the files at a start with room",
  async (t) => {
    await fill("bert", "dd if=/dev/zero of=filling bs=64k");
    await prepare(3, 10);
    const { code, stdout, stderr } = await swarmhub("handout", "./week2", "--to", "bert", "emil");
    t.is(code, 1, stdout);
    t.log(stderr);
    t.regex(stderr, /bert: no room: needs \d.*, has /);
    t.regex(await lab.on(1, `cat ${homes}/bert/week2/lab1.ipynb`), /version 2/);
    t.regex(await lab.on(1, `cat ${homes}/emil/week2/lab1.ipynb`), /version 3/);
    t.is(await lab.on(1, `find ${homes}/bert -name '.handout*'`), "");
    const bert = await logIn(address, "bert");
    t.teardown(() => bert.close());
    await bert.stop();
    const full = await bert.start();
    t.true(full.ready, "a full home still starts");
    t.regex(full.output, /New files for this class do not fit/);
    await bert.stop();
    await lab.on(1, `rm ${homes}/bert/filling`);
    t.true((await bert.start()).ready);
    t.regex(await lab.on(1, `cat ${homes}/bert/week2/lab1.ipynb`), /version 3/);
  },
);

test.serial("a late-comer gets the version that was handed out to everyone", async (t) => {
  const late = await logIn(address, "late");
  t.teardown(() => late.close());
  const { ready, output } = await late.start();
  t.true(ready, output);
  t.regex(await asStudent("late", "cat week2/lab1.ipynb"), /version 2/);
  await late.stop();
});

test.serial(
  "the work is collected while a hostile student changes it, and again only what changed",
  async (t) => {
    await asStudent("bert", "sed -i 's/version 3/the work of bert/' week2/lab1.ipynb");
    await asStudent(
      "dora",
      `rm -r week2 && mkdir week2 && ln -s /etc/passwd week2/passwd && mkfifo week2/pipe && truncate -s 10T week2/sparse &&
     printf x >"$(printf 'week2/two\\nlines')" && nohup sh -c 'while :; do
       ln -sfn /etc/passwd week2/link; mv -f week2/link week2/lab1.ipynb; echo "{}" >week2/file; mv -f week2/file week2/lab1.ipynb
     done' >/dev/null 2>&1 &`,
    );
    const first = await swarmhub("collect", "week2");
    t.is(first.code, 0, first.stderr);
    t.log(first.stdout, `${first.ms} ms`);
    const submitted = join(shop.folder, "collected/submitted");
    const files = await contentOf(submitted);
    t.regex(files["anna/week2/lab1.ipynb"] ?? "", /my work/);
    t.regex(files["bert/week2/lab1.ipynb"] ?? "", /the work of bert/);
    t.regex(files["anna/week2/timestamp.txt"] ?? "", / UTC\n$/);
    t.regex(first.stdout, /^emil +untouched/m);
    t.false(
      Object.values(files).some((text) => text.includes("root:")),
      "no file of another place",
    );
    const again = await swarmhub("collect", "week2");
    t.is(again.code, 0, again.stderr);
    t.regex(again.stdout, /^anna .* as before/m);
    await asStudent("bert", "sed -i 's/of bert/of bert, better/' week2/lab1.ipynb");
    t.regex((await swarmhub("collect", "week2")).stdout, /^bert .* updated/m);
    t.regex(await readFile(join(submitted, "bert/week2/lab1.ipynb"), "utf8"), /better/);
    t.true((await readdir(join(shop.folder, "collected/earlier"))).length > 0);
  },
);

test.serial(
  "a teacher who is no admin hands out and collects on the page of the room, and late-comers get the files",
  async (t) => {
    const password = await passwordOf({ swarmhub }, "teachers");
    const browser = await openBrowser(lab);
    t.teardown(() => browser.close());
    const pictures = await artefactFolder("handout");
    const page = await openRoom(browser, address, "tess", password);
    const week3 = join(shop.folder, "week3");
    await mkdir(join(week3, "data"), { recursive: true });
    await writeFile(join(week3, "lab1.ipynb"), notebookOf("handed out in a browser"));
    await writeFile(join(week3, "data/rain.bin"), Buffer.alloc(20 * 2 ** 20, 3));

    await page.getByRole("button", { name: "Hand out…" }).click();
    await page.getByLabel("A folder").setInputFiles(week3);
    const handing = page.locator("#handing");
    const told = handing.locator(".told");
    await told.getByText("Nothing has changed yet. 2 files with 20 MB").waitFor();
    t.is(await lab.on(1, `ls -d ${homes}/*/week3 2>/dev/null || true`), "");
    await page.getByRole("button", { name: "Hand out", exact: true }).click();
    await told.getByText(/^Handed out to \d homes/).waitFor();
    t.log(await handing.innerText());
    await photograph(page, pictures, "hand-out");
    await page.keyboard.press("Escape");
    const size = String(20 * 2 ** 20);
    for (const name of ["anna", "emil"]) {
      const found = `stat -c '%u:%g %s' ${homes}/${name}/week3/data/rain.bin`;
      t.is((await lab.on(1, found)).trim(), `1000:100 ${size}`, name);
    }
    t.regex(await asStudent("anna", "cat week3/lab1.ipynb"), /in a browser/, "over NFS");

    const later = await logIn(address, "later");
    t.teardown(() => later.close());
    const { ready, output } = await later.start();
    t.true(ready, output);
    t.regex(await lab.on(1, `cat ${homes}/later/week3/lab1.ipynb`), /in a browser/);
    await later.stop();

    await asStudent("anna", "sed -i 's/in a browser/by anna/' week3/lab1.ipynb");
    await page.getByRole("button", { name: "Collect…" }).click();
    await page.fill("#collecting-path", "week3/lab1.ipynb");
    await page.keyboard.press("Enter");
    const save = page.getByRole("button", { name: "Download lab1.zip" });
    await save.waitFor();
    t.log(await page.locator("#collecting").innerText());
    await photograph(page, pictures, "collect");
    const [download] = await Promise.all([page.waitForEvent("download"), save.click()]);
    await download.saveAs(join(shop.folder, "lab1.zip"));
    await execa("python3", ["-m", "zipfile", "-e", "lab1.zip", "unzipped"], { cwd: shop.folder });
    const files = await contentOf(join(shop.folder, "unzipped/submitted"));
    t.regex(files["anna/lab1/lab1.ipynb"] ?? "", /by anna/);
    t.regex(files["anna/lab1/timestamp.txt"] ?? "", / UTC\n$/);
    t.false(
      Object.values(files).some((text) => text.includes("root:")),
      "no file of another place",
    );
  },
);

test.serial("untouched files are taken back, and nobody gets them at the next start", async (t) => {
  const dora = await logIn(address, "dora");
  t.teardown(() => dora.close());
  await dora.stop();
  const week3 = ["1000:100 week3/data/rain.bin", "1000:100 week3/lab1.ipynb"];
  const taken = await swarmhub("handout", "./week2", "--take-back");
  t.is(taken.code, 0, taken.stderr);
  t.log(taken.stdout);
  t.deepEqual(await filesOf("emil"), week3);
  t.regex(await lab.on(1, `cat ${homes}/anna/week2/lab1.ipynb`), /my work/);
  const emil = await logIn(address, "emil");
  t.teardown(() => emil.close());
  t.true((await emil.start()).ready);
  t.deepEqual(await filesOf("emil"), week3);
});

/** Opens a notebook as JupyterLab does, with the server's own token. */
const openSession = (path: string): string => `python3 - <<'END'
import json, os, urllib.request
url = f"http://127.0.0.1:8888{os.environ['JUPYTERHUB_SERVICE_PREFIX']}api/sessions"
body = {"path": "${path}", "name": "lab", "type": "notebook", "kernel": {"name": "python3"}}
headers = {"Authorization": f"token {os.environ['JUPYTERHUB_API_TOKEN']}", "Content-Type": "application/json"}
print(urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)).status)
END`;
