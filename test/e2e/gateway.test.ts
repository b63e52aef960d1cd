import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { waitUntil } from "../../src/wait.js";
import { workshop } from "./support/lab.js";
import { logInWithRetry } from "./support/user.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// A program of others through the edge, with its secret on the manager; and a home with another name on a real XFS. Each test
// continues from the previous one.
const lab = await warmClass("e2e-gateway", { machines: 1, memory: 2048 });
const yaml = (services: string) => `name: warm
manager: node1
storage: {device: /dev/ubdb, quota: 60M}
login: {shared-password: from-env ROOM_PASSWORD, services: [${services}]}
servers: {image: "${lab.image}", memory: 400M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`;
const token = "0123456789abcdef".repeat(4);
const shop = await workshop(
  lab,
  yaml("{name: gateway, token: from-file token.txt, group: gw, may: [start, stop, users]}"),
);
const { swarmhub } = shop;
const storage = "/srv/swarmhub";

/** The status and the text of an answer of the hub to the program, which comes through the edge. */
const ask = async (method: string, path: string): Promise<[number, string]> => {
  const command = `curl -sk -X ${method} -H 'Authorization: token ${token}' -w '\\n%{http_code}' https://127.0.0.1/hub/api${path}`;
  const lines = (await lab.on(1, command)).split("\n");
  return [Number(lines.at(-1)), lines.slice(0, -1).join("\n")];
};

test.before(async () => {
  await writeFile(join(shop.folder, "token.txt"), `${token}\n`);
  await changeTo(shop);
});

test.after.always(() => lab.lab("down"));

test.serial(
  "a program makes a user and starts the server, into which the user logs in",
  async (t) => {
    const secret = "/run/secrets/login-service-gateway";
    t.is(
      (await lab.on(1, `docker exec $(docker ps -qf name=warm-hub) cat ${secret}`)).trim(),
      token,
    );
    const shown = await lab.on(1, "docker service inspect warm-hub; cat /etc/swarmhub/hub.json");
    t.false(shown.includes(token));
    await logInWithRetry(`https://${lab.reachableAddress(1)}`, "bob").then((bob) => bob.close());
    t.is((await ask("POST", "/users/bob"))[0], 403, "bob is not in the group");
    t.is((await ask("POST", "/users/zoe"))[0], 201);
    t.true([201, 202].includes((await ask("POST", "/users/zoe/server"))[0]));
    await waitUntil(
      async () => (await ask("GET", "/users/zoe"))[1].includes('"ready": true') || undefined,
      {
        deadline: 180_000,
        every: 2000,
        otherwise: () => new Error("the server of zoe did not start"),
      },
    );
    const zoe = await logInWithRetry(`https://${lab.reachableAddress(1)}`, "zoe");
    t.teardown(() => zoe.close());
    t.true((await zoe.start()).ready);
  },
);

test.serial("a home gets another name with its files and its limit", async (t) => {
  await lab.on(
    1,
    `echo hers >${storage}/homes/zoe/note; mkdir ${storage}/homes/zoe/a; echo 1 >${storage}/homes/zoe/a/b`,
  );
  t.is((await swarmhub("quota", "set", "zoe", "70M")).code, 0);
  const refused = await swarmhub("homes", "rename", "zoe", "zoe-2");
  t.is(refused.code, 1);
  t.regex(refused.stderr, /zoe: the server runs/);
  t.true([202, 204].includes((await ask("DELETE", "/users/zoe/server"))[0]));
  const { code, stderr } = await waitUntil(
    async () => {
      const result = await swarmhub("homes", "rename", "zoe", "zoe-2");
      return result.stderr.includes("the server runs") ? undefined : result;
    },
    { deadline: 60_000, every: 2000, otherwise: () => new Error("the server of zoe did not stop") },
  );
  t.is(code, 0, stderr);
  t.is(await lab.on(1, `cat ${storage}/homes/zoe-2/note ${storage}/homes/zoe-2/a/b`), "hers\n1\n");
  t.is((await lab.on(1, `ls ${storage}/trash ${storage}/pending | grep zoe || true`)).trim(), "");
  const check = await swarmhub("quota", "check");
  t.is(check.code, 0, check.stdout + check.stderr);
  t.regex((await swarmhub("quota", "ls")).stdout, /zoe-2 .* 70 MB /);
  const user = await logInWithRetry(`https://${lab.reachableAddress(1)}`, "zoe-2");
  t.teardown(() => user.close());
  t.true((await user.start()).ready);
});

test.serial("without its entry, the program has no token and no secret", async (t) => {
  await writeFile(join(shop.folder, "swarmhub.yaml"), yaml(""));
  const { code, stderr } = await swarmhub("up");
  t.is(code, 0, stderr);
  t.is((await ask("GET", "/users/zoe"))[0], 403);
  const left = await lab.on(1, "find /etc/swarmhub /var/lib/swarmhub -name 'login-service-*'");
  t.is(left.trim(), "");
});
