import test, { type ExecutionContext } from "ava";
import type { Browser, Page } from "playwright-core";
import { waitUntil } from "../../src/wait.js";
import { buildLightServer } from "../bench/light-server.js";
import { simulateLogin } from "../bench/simulated-student.js";
import { artefactFolder } from "./support/artefacts.js";
import {
  newNotebook,
  openBrowser,
  openJupyterLab,
  runCell,
  saveNotebook,
} from "./support/browser.js";
import { classIn, guestOf } from "./support/class.js";
import { homesIn } from "./support/homes/inside.js";
import { roomPassword, workshop } from "./support/lab.js";
import { act, announce, closeDoors, giveRoom, openPerson, rowOf } from "./support/room/page.js";
import { passwordOf } from "./support/staff.js";
import {
  beginCell,
  openNotebook,
  openRoom,
  patience,
  photograph,
  photographElsewhere,
  storyYaml,
  students,
  writeLesson,
} from "./support/story/lesson.js";
import { logIn } from "./support/user.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// One lesson, with a teacher who is no admin: all that happens in a class, in its order, with real browsers. Each test continues from
// the previous one.
const lab = await warmClass("e2e-story", { machines: 3, memory: 2304 });
const shop = await workshop(lab, storyYaml(lab, await buildLightServer(lab)));
const { swarmhub, folder } = shop;
const { nodeOf } = classIn(lab);
const { fill, inHub } = homesIn(lab);
const address = `https://${lab.reachableAddress(1)}`;
const homes = "/srv/swarmhub/homes";
const everybody = [...students.lab, ...students.light];
const pictures = await artefactFolder("story");
let browser: Browser;
let room: Page;
let amira: Page;

type RoomJson = { people: { name: string; role: string; state: string }[] };

/** Waits until these people have servers that run. */
const waitUntilRunning = async (names: readonly string[]): Promise<void> => {
  const missing = async (): Promise<string[]> => {
    const { stdout } = await swarmhub("room", "--json");
    const { people } = JSON.parse(stdout) as RoomJson;
    const running = people.filter(({ state }) => state === "running").map(({ name }) => name);
    return names.filter((name) => !running.includes(name));
  };
  let left = names;
  await waitUntil(
    async () => {
      // The hub may not answer for a moment; then the names of before are left.
      left = await missing().catch(() => left);
      return left.length === 0 || undefined;
    },
    {
      deadline: patience,
      every: 2000,
      otherwise: () => new Error(`no servers: ${left.join(", ")}`),
    },
  );
};

/** What a login gets: "in", or the message of the refusal. */
const tryLogin = (name: string): Promise<string> =>
  logIn(address, name).then(
    async (user) => {
      await user.close();
      return "in";
    },
    (error: Error) => error.message,
  );

/** A student comes in, and tries again after a start that was too slow. */
const logInUntilIn = async (name: string): Promise<void> => {
  const site = { address, password: roomPassword };
  let said: string | undefined;
  await waitUntil(
    async () => {
      const { message, failure } = await simulateLogin(site, name, { deadline: patience });
      said = message ?? failure;
      return said === undefined || undefined;
    },
    {
      deadline: patience,
      every: 2000,
      otherwise: () => new Error(`${name} does not come in: ${said ?? ""}`),
    },
  );
};

/** Runs a command as the teacher at the laptop does, and shows what it printed. */
const command = async (t: ExecutionContext, ...argv: string[]): Promise<string> => {
  const { code, stdout, stderr } = await swarmhub(...argv);
  t.log(`swarmhub ${argv.join(" ")}\n${stdout}`);
  t.is(code, 0, stdout + stderr);
  return stdout;
};

test.before(async () => {
  await changeTo(shop);
  await writeLesson(folder);
  // Dora has been here before, and left settings that keep her server from starting.
  await inHub("prepare_home(storage, slug('dora'), 'dora')");
  await lab.on(
    1,
    `cd ${homes}/dora && mkdir -p .jupyter && echo 'raise SystemExit("these settings are broken")' >.jupyter/jupyter_server_config.py && chown -R 1000:100 .jupyter`,
  );
  browser = await openBrowser(lab);
});
test.after.always(() => browser.close());
test.after.always(() => lab.lab("down"));
test.afterEach.always(async (t) => {
  if (!t.passed && room) await photograph(room, pictures, "failed");
});

test.serial(
  "the servers are warm before the lesson, but for one, whose name is said",
  async (t) => {
    const { stdout } = await swarmhub("warm", "--group", "everybody");
    t.log(stdout, `screenshots: ${pictures}`);
    // On a busy machine, the start of somebody else may be too slow as well.
    t.regex(stdout, /^([6-9]|1[01]) of 12 ready$/m);
    t.regex(stdout, /^ {2}not ready: .*dora.*: Your server stopped right after it started/m);
  },
);

test.serial("a teacher who is no admin sees twelve people come", async (t) => {
  room = await openRoom(browser, address, "grace", await passwordOf({ swarmhub }, "teachers"));
  const { stdout } = await swarmhub("room", "--json");
  const { people } = JSON.parse(stdout) as RoomJson;
  t.is(people.find(({ name }) => name === "grace")?.role, "teacher");
  const [, openedLab] = await Promise.all([
    Promise.all(["carla", ...students.light].map(logInUntilIn)),
    openJupyterLab(browser, address, "amira", roomPassword),
  ]);
  amira = openedLab;
  await room.getByText(/\d+ of 12 ready/).waitFor({ timeout: patience });
  await photograph(room, pictures, "1-they-come");
});

test.serial("one has failed: the teacher reads why and starts the server safely", async (t) => {
  await rowOf(room, "dora").getByText("Failed at").waitFor({ timeout: patience });
  await openPerson(room, "dora");
  await room
    .locator("#person-output pre")
    .getByText("these settings are broken")
    .waitFor({ timeout: patience });
  await photograph(room, pictures, "2-one-failed");
  await room.keyboard.press("Escape");
  await act(room, "dora", "Start safely");
  await rowOf(room, "dora").getByText("Running").waitFor({ timeout: patience });
  await waitUntilRunning(everybody);
  t.pass();
});

test.serial("one fills the home, the page says so, and the teacher gives more room", async (t) => {
  await fill("ben", "dd if=/dev/zero of=filling bs=64k");
  await room.getByText(/The home of ben is \d+ % full/).waitFor({ timeout: patience });
  await photograph(room, pictures, "3-a-full-home");
  await giveRoom(room, "ben", 0.1);
  await rowOf(room, "ben").getByText("of 102 MB").waitFor({ timeout: patience });
  await room.getByText(/The home of ben is/).waitFor({ state: "detached", timeout: patience });
  t.is((await swarmhub("quota", "check")).code, 0);
});

test.serial("a notebook is handed out, and its reader works with it", async (t) => {
  t.regex(await command(t, "handout", "./week2"), /^amira /m);
  await openNotebook(amira, "amira", "week2/lab1.ipynb");
  t.is(await runCell(amira, "6 * 7"), "42");
  await saveNotebook(amira);
  const output = await beginCell(amira, "while True: pass");
  await rowOf(room, "amira").getByText("Running, kernel busy").waitFor({ timeout: patience });
  await act(room, "amira", "Interrupt the kernel");
  await output.getByText("KeyboardInterrupt").first().waitFor({ timeout: patience });
  await rowOf(room, "amira").getByText("Running", { exact: true }).waitFor({ timeout: patience });
});

test.serial("a worker dies, and its servers go on on the other one", async (t) => {
  // Amira goes on working in her browser.
  const dies = (await nodeOf("amira")) === "node2" ? "node3" : "node2";
  await lab.lab("kill", String(guestOf(dies)));
  await room
    .locator("#warnings")
    .getByText(`${dies} is down. Its servers start again on other machines`)
    .waitFor({ timeout: patience });
  await photograph(room, pictures, "4-a-worker-dies");
  await waitUntil(
    async () => {
      // All of them with one command: the machine refuses a dozen logins at once.
      const list = `docker service ps -f desired-state=running --format '{{.Node}} {{.CurrentState}}' $(docker service ls -q -f label=swarmhub.user)`;
      const lines = (await lab.on(1, list)).trim().split("\n");
      const moved = lines.filter((line) => line.includes(" Running") && !line.startsWith(dies));
      return moved.length >= everybody.length || undefined;
    },
    { deadline: patience, every: 2000, otherwise: () => new Error(`servers are on ${dies}`) },
  );
  await waitUntilRunning(everybody);
  t.pass();
});

test.serial("a kernel runs out of memory, and the page says whose and when", async (t) => {
  const carla = await openJupyterLab(browser, address, "carla", roomPassword);
  await newNotebook(carla);
  await beginCell(carla, "held = [bytearray(2**20) for _ in range(1000)]");
  await rowOf(room, "carla")
    .getByText(/ended for memory at \d/)
    .waitFor({ timeout: patience });
  await photograph(room, pictures, "5-out-of-memory");
  await carla.context().close();
  t.pass();
});

test.serial("help is asked and given", async (t) => {
  await amira.click("#swarmhub-class-help", { timeout: 60_000 });
  await rowOf(room, "amira").getByText("Asks for help since").waitFor({ timeout: patience });
  await photograph(room, pictures, "6-desktop");
  await photographElsewhere(room, pictures);
  await room.keyboard.press("n");
  await room.getByRole("button", { name: "Person 1", exact: true }).waitFor();
  await photograph(room, pictures, "names-hidden");
  await room.keyboard.press("n");
  await act(room, "amira", "Help was given");
  await amira.getByText("I need help").waitFor({ timeout: patience });
  t.pass();
});

test.serial("the work of all is collected", async (t) => {
  const table = await command(t, "collect", "week2");
  t.regex(table, /^amira +changed/m);
  for (const name of ["carla", ...students.light])
    t.regex(table, new RegExp(`^${name} +untouched`, "m"), name);
});

test.serial("an announcement is in the open JupyterLab, and is withdrawn", async (t) => {
  await announce(room, "We end in ten minutes.");
  await amira.getByText("We end in ten minutes.").waitFor({ timeout: patience });
  await photograph(room, pictures, "7-announced");
  await room.click("#withdraw");
  await amira
    .locator("#swarmhub-class-announcement")
    .waitFor({ state: "detached", timeout: patience });
  t.pass();
});

test.serial("the doors close: servers stop and no student comes in, until they open", async (t) => {
  await closeDoors(room, "warm", 0);
  await room.locator("#closed").getByText("The class warm is closed.").waitFor();
  await room.locator("#summary", { hasText: /^0 of / }).waitFor({ timeout: patience });
  await photograph(room, pictures, "8-doors-closed");
  t.regex(await tryLogin("ben"), /403/);
  t.regex((await swarmhub("room", "--once")).stdout, /^The class warm is closed\./m);
  await room.click("#open-doors");
  await room.locator("#closed").waitFor({ state: "hidden", timeout: patience });
  await waitUntil(async () => (await tryLogin("ben")) === "in" || undefined, {
    deadline: patience,
    every: 2000,
    otherwise: () => new Error("ben does not come in"),
  });
});
