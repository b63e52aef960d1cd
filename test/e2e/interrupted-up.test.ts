import test from "ava";
import {
  newNotebook,
  openBrowser,
  openJupyterLab,
  runCell,
  saveNotebook,
} from "./support/browser.js";
import { killAfterFirstStep } from "./support/interrupt-steps.js";
import { bootLab, roomPassword, workshop } from "./support/lab.js";

// `up` on blank machines, killed again and again. Each test continues from the previous one.
// One worker: a second one would only repeat the same steps.
const lab = await bootLab("interrupted", 2, 2048);
const yaml = `name: geo-101
manager: node1
workers: [node2]
storage: {device: /dev/ubdb, quota: 100M}
login: {shared-password: from-env ROOM_PASSWORD, admins: [ada]}
servers: {image: "${lab.image}", memory: 400M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"], own-images: docker.io/swarmhub}
`;
const { swarmhub, start } = await workshop(lab, yaml);
const address = `https://${lab.address(1)}`;
const browser = await openBrowser(lab);

test.after.always(async () => {
  await browser.close();
  await lab.lab("down");
});

test.serial(
  "up can be killed after any of its steps, and repeating it completes the class",
  async (t) => {
    const killed: string[] = [];
    // Each run is killed after its first completed step, while the other machine still runs its own.
    for (let run = 0; run < 80; run += 1) {
      const title = await killAfterFirstStep(start("--json", "up", "--yes"));
      if (title === undefined) break;
      killed.push(title);
    }
    t.log(`killed ${killed.length} times, after: ${killed.join("; ")}`);
    t.true(killed.length > 20);
    const { code, stderr } = await swarmhub("up");
    t.is(code, 0, stderr);
    t.regex(stderr, /nothing had to change/);
  },
);

test.serial("a notebook that was saved then outlives down and another up", async (t) => {
  const page = await openJupyterLab(browser, address, "alice", roomPassword);
  await newNotebook(page);
  t.is(await runCell(page, "print(6 * 7)"), "42");
  await saveNotebook(page);
  await page.context().close();
  for (const command of ["down", "up"]) {
    const { code, stderr } = await swarmhub(command, "--yes");
    t.is(code, 0, stderr);
  }
  const again = await openJupyterLab(browser, address, "alice", roomPassword);
  const listing = await again.request.get(`${address}/user/alice/api/contents/Untitled.ipynb`);
  t.is(listing.status(), 200);
  await again.context().close();
});
