import { request as httpsRequest } from "node:https";
import test from "ava";
import type { Browser, Page } from "playwright-core";
import { waitUntil } from "../../src/wait.js";
import { newNotebook, openBrowser, openJupyterLab, runCell } from "./support/browser.js";
import { classIn, guestOf } from "./support/class.js";
import { roomPassword, workshop } from "./support/lab.js";
import { writeServerPages } from "./support/server-pages.js";
import { passwordOf } from "./support/staff.js";
import { logIn as logInAt } from "./support/user.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// The attacks of a student, mallory, who types them into notebooks or sends them from elsewhere; alice works beside.
const lab = await warmClass("e2e-hostile", { machines: 2, memory: 2304 });
const yaml = (login: string): string => `name: warm
manager: node1
workers: [node2]
storage: {device: /dev/ubdb, quota: 100M}
login: {shared-password: from-env ROOM_PASSWORD${login}}
servers: {image: "${lab.image}", memory: 400M, cpu: 0.5}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`;
const address = `https://${lab.reachableAddress(1)}`;
const { logIn, nodeOf, containerOf } = classIn(lab);
let browser: Browser;
let mallory: Page;
let adminPassword = "";

/** Pages of mallory's server: one for everybody, and a worker that she allows the whole origin. */
const hostilePages = {
  evil: `self.set_header("Content-Type", "text/html")
self.write(open(os.path.expanduser("~/evil.html")).read())`,
  "worker.js": `self.set_header("Content-Type", "text/javascript")
self.set_header("Service-Worker-Allowed", "/")
self.write("self.addEventListener('fetch', () => {})")`,
};

/** A page that tries to read pages of the hub in four ways; \`ownWorker\` is the control: a worker for its own folder. */
const hostilePage = `<p id="status"></p><script>
const reads = (text) => /xsrf|form|admin/i.test(text ?? "");
const after = (milliseconds) => new Promise((next) => setTimeout(next, milliseconds));
const attempt = (work) => work().catch(() => false);
const register = (scope) => attempt(async () => {
  await navigator.serviceWorker.register("/user/mallory/worker.js", { scope });
  return true;
});
(async () => {
  const result = {
    fetch: await attempt(async () => {
      const answer = await fetch("/hub/token", { mode: "no-cors", credentials: "include" });
      return answer.ok && reads(await answer.text());
    }),
    frame: await attempt(async () => {
      const frame = document.body.appendChild(document.createElement("iframe"));
      frame.src = "/hub/token";
      await after(5000);
      return reads(frame.contentDocument.body.innerHTML);
    }),
    popup: await attempt(async () => {
      const popup = window.open("/hub/token");
      await after(5000);
      return reads(popup.document.body.innerHTML);
    }),
    worker: await register("/"),
    ownWorker: await register("/user/mallory/"),
  };
  const shown = document.body.appendChild(document.createElement("p"));
  shown.id = "result";
  shown.textContent = JSON.stringify(result);
})();
</script>`;

test.before(async () => {
  await changeTo(await workshop(lab, yaml("")));
  browser = await openBrowser(lab, {
    args: ["--ignore-certificate-errors", "--disable-popup-blocking"],
  });
  mallory = await openJupyterLab(browser, address, "mallory", roomPassword);
});

test.after.always(async () => {
  await browser?.close();
  await lab.lab("down");
});

/** Runs Python code in a new notebook of mallory, and returns its output. */
const runAsMallory = async (code: string): Promise<string> => {
  await mallory.goto(`${address}/user/mallory/lab?reset`);
  await mallory.waitForSelector("#jp-main-dock-panel", { timeout: 120_000 });
  await newNotebook(mallory);
  return runCell(mallory, code);
};

const hubContainer = async (): Promise<string> =>
  (await lab.on(1, "docker ps -q -f name=hub.1")).trim();

/** The most memory that a process of the hub's container has used since it started (MB). */
const hubPeak = async (): Promise<number> => {
  const program =
    "cat /proc/[0-9]*/status | awk '/^VmHWM/ && $2 > most {most = $2} END {print int(most / 1024)}'";
  return Number(
    await lab.on(
      1,
      `docker exec ${await hubContainer()} sh -c "${program.replaceAll("$", "\\$")}"`,
    ),
  );
};

const waitForLoginPage = (): Promise<true> =>
  waitUntil(
    async () => {
      const user = await logIn("visitor").catch(() => undefined);
      await user?.close();
      return user === undefined ? undefined : true;
    },
    { deadline: 180_000, every: 2000, otherwise: () => new Error("nobody can log in") },
  );

test.serial("a fork bomb fails at the limit of processes, and the server stays", async (t) => {
  const before = await containerOf("mallory");
  const output = await runAsMallory(`import os, time, warnings
warnings.simplefilter("ignore")
children = []
try:
    while True:
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
        children.append(child)
except OSError as error:
    for child in children:
        os.kill(child, 9)
        os.waitpid(child, 0)
    print(error.strerror, len(children) > 100)`);
  t.is(output, "Resource temporarily unavailable True");
  t.is(await containerOf("mallory"), before);
  t.is(await runAsMallory("print(6 * 7)"), "42");
});

test.serial("a false version in the answers of a server does not stop the hub", async (t) => {
  await runAsMallory(`import os
os.makedirs(os.path.expanduser("~/.jupyter"), exist_ok=True)
with open(os.path.expanduser("~/.jupyter/jupyter_server_config.py"), "w") as file:
    file.write("import jupyterhub.singleuser.extension as extension\\nextension.__version__ = 'oops'\\nextension._check_version = lambda *_: None\\n")
print("written")`);
  const user = await logIn("mallory");
  t.teardown(() => user.close());
  await user.stop();
  t.true((await user.start()).ready);
  const headers = await lab.on(
    guestOf(await nodeOf("mallory")),
    `docker exec ${await containerOf("mallory")} python3 -c "
import urllib.request
print(urllib.request.urlopen('http://127.0.0.1:8888/user/mallory/api').headers['X-JupyterHub-Version'])"`,
  );
  t.is(headers.trim(), "oops");
  const before = await hubContainer();
  await lab.on(1, `docker kill ${before}`);
  await waitUntil(async () => ((await hubContainer()) === before ? undefined : true), {
    deadline: 60_000,
    otherwise: () => new Error("the hub is not restarted"),
  });
  await waitForLoginPage();
  const restarted = await hubContainer();
  // Long enough for a check of all servers to end the hub.
  await new Promise((next) => void setTimeout(next, 30_000));
  t.is(await hubContainer(), restarted, "the hub runs on");
  t.is(await user.statusOf("/user/mallory/api"), 200);
});

test.serial("large bodies from inside and outside do not fill the hub's memory", async (t) => {
  const before = await hubPeak();
  const inside = `import socket
sockets = []
for _ in range(20):
    sent = 0
    try:
        connection = socket.create_connection(("hub", 8081), 10)
        sockets.append(connection)
        connection.sendall(b"POST /hub/login HTTP/1.1\\r\\nHost: hub\\r\\nContent-Type: application/x-www-form-urlencoded\\r\\nContent-Length: 94371840\\r\\n\\r\\n")
        while sent < 90_000_000:
            connection.sendall(b"a" * 1_000_000)
            sent += 1_000_000
    except OSError:
        pass
print("sent")`;
  t.is(await runAsMallory(inside), "sent");
  await Promise.all(
    Array.from(
      { length: 8 },
      () =>
        new Promise<void>((done) => {
          const request = httpsRequest(`${address}/hub/login`, {
            method: "POST",
            rejectUnauthorized: false,
            headers: {
              "content-type": "application/x-www-form-urlencoded",
              "content-length": 90 * 1024 * 1024,
            },
            timeout: 60_000,
          });
          request.on("error", () => done());
          request.on("timeout", () => request.destroy());
          request.on("response", (response) => {
            response.resume();
            request.destroy();
            done();
          });
          for (let sent = 0; sent < 80; sent += 1) request.write(Buffer.alloc(1024 * 1024, "a"));
        }),
    ),
  );
  await waitForLoginPage();
  const after = await hubPeak();
  t.log(`the hub's largest process: ${before} MB before, ${after} MB after`);
  t.true(after - before < 200, `${before} MB before, ${after} MB after`);
});

test.serial(
  "a program in a server cannot claim other addresses, to guess a password or to be somebody else in the log",
  async (t) => {
    const output = await runAsMallory(`import http.client, re, urllib.parse
def guess(host, port, address):
    connection = http.client.HTTPConnection(host, port, timeout=30)
    claims = {"X-Forwarded-For": address, "X-Real-IP": address, "X-Swarmhub-Forwarded": "0" * 64}
    connection.request("GET", "/hub/login", headers=claims | {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"})
    answer = connection.getresponse()
    answer.read()
    cookie = re.search("_xsrf=([^;]+)", str(answer.headers)).group(1)
    form = urllib.parse.urlencode({"username": "guessed", "password": address, "_xsrf": cookie})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": "_xsrf=" + cookie}
    connection.request("POST", "/hub/login?_xsrf=" + cookie, form, claims | headers)
    status = connection.getresponse().status
    connection.close()
    return status
found = {}
for host, port in (("proxy", 8000), ("hub", 8081)):
    for number in range(45):
        status = guess(host, port, f"203.0.113.{number + 1}")
        found[status] = found.get(status, 0) + 1
print(sorted(found.items()))`);
    t.log(output);
    // Sixty wrong passwords from one address, then the time between two doubles.
    t.regex(output, /\(403, (5\d|6\d|7\d)\)/);
    t.regex(output, /\(429, \d+\)/);
    const log = await lab.on(1, `docker logs ${await hubContainer()} 2>&1 | tail -n 2000`);
    t.false(log.includes("203.0.113."), "no claimed address is believed");
    const visitor = await logIn("visitor");
    t.teardown(() => visitor.close());
    t.is(await visitor.statusOf("/hub/home"), 200, "others log in from outside");
    const outside = await lab.on(
      1,
      `docker logs ${await hubContainer()} 2>&1 | grep visitor@ | tail -n 1`,
    );
    t.log(outside);
    // Not that of the parts of the class through which the request came.
    const own = await lab.on(
      1,
      "docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' $(docker ps -q -f name=edge -f name=proxy)",
    );
    const [, client = ""] = /visitor@([\d.]+)/.exec(outside) ?? [];
    t.not(client, "");
    t.false(own.split(/\s+/).includes(client), own);
  },
);

test.serial("what a program in a server reaches is in the security page", async (t) => {
  const alice = await logIn("alice");
  t.teardown(() => alice.close());
  t.true((await alice.start()).ready);
  const output = await runAsMallory(`import json, socket, urllib.error, urllib.request
def status(address):
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None
    try:
        return urllib.request.build_opener(Stay).open(address, timeout=20).status
    except urllib.error.HTTPError as error:
        return error.code
def connects(host, port):
    try:
        socket.create_connection((host, port), 5).close()
        return True
    except OSError:
        return False
print(json.dumps({
    "the API of the proxy without its token": status("http://proxy:8001/api/routes"),
    "the API of the hub without a token": status("http://hub:8081/hub/api/users"),
    "the files of another user": status("http://warm-nb-alice:8888/user/alice/api/contents"),
    "the login page at the edge": connects("edge", 443),
    "SSH, Swarm, NFS, the registry and Docker of the machines": [
        [host, port] for host in ${JSON.stringify([1, 2].map((guest) => lab.address(guest)))}
        for port in (22, 2049, 2375, 2376, 2377, 7946, 20500, 20501) if connects(host, port)
    ],
}))`);
  t.deepEqual(JSON.parse(output), {
    "the API of the proxy without its token": 403,
    "the API of the hub without a token": 403,
    "the files of another user": 403,
    "the login page at the edge": true,
    "SSH, Swarm, NFS, the registry and Docker of the machines": [],
  });
  await alice.stop();
});

test.serial("two names with the same former hash have a server each", async (t) => {
  // Found by trying: the hash that the names of services had until 2026-11-29 had 32 bits.
  const names = ["ben_.__._._..._..._....x", "ben.._____._..._.__....x"];
  const users = await Promise.all(names.map((name) => logIn(name)));
  t.teardown(() => Promise.all(users.map((user) => user.close())));
  for (const user of users) t.true((await user.start()).ready);
  for (const [index, user] of users.entries())
    t.is(await user.statusOf(`/user/${encodeURIComponent(names[index] ?? "")}/api`), 200);
  for (const user of users) await user.stop();
});

test.serial("a name that becomes an admin's loses its cookie and its server", async (t) => {
  const before = await logIn("ada");
  t.teardown(() => before.close());
  t.true((await before.start()).ready);
  const shop = await workshop(lab, yaml(", admins: [ada]"));
  await changeTo(shop);
  t.is(await before.statusOf("/hub/home"), 302);
  t.not(await before.statusOf("/user/ada/api/contents"), 200);
  await t.throwsAsync(logInAt(address, "ada"), { message: /cannot log in/ });
  adminPassword = await passwordOf(shop, "admins");
  const admin = await logInAt(address, "ada", adminPassword);
  t.teardown(() => admin.close());
  t.is(await admin.statusOf("/hub/admin"), 200);
  t.is((await admin.request("GET", "/hub/api/users/ada")).body.includes('"servers": {}'), true);
});

test.serial("an admin cannot rename a user, whose server and home stay", async (t) => {
  const admin = await logInAt(address, "ada", adminPassword);
  t.teardown(() => admin.close());
  const { status, body } = await admin.request("PATCH", "/hub/api/users/mallory", {
    name: "mallet",
  });
  t.true(status >= 400 && status < 500, `${status} ${body}`);
  t.log(body);
  t.is(await runAsMallory("print(6 * 7)"), "42");
});

test.serial(
  "a page of a student's server reads no page of the hub in an admin's browser",
  async (t) => {
    await runAsMallory(writeServerPages(hostilePages, { "evil.html": hostilePage }));
    const user = await logIn("mallory");
    t.teardown(() => user.close());
    await user.stop();
    t.true((await user.start()).ready);
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    t.teardown(() => context.close());
    const page = await context.newPage();
    await page.goto(`${address}/hub/login`);
    await page.fill("#username_input", "ada");
    await page.fill("#password_input", adminPassword);
    await page.click("#login_submit");
    await page.waitForURL(/\/hub\/(home|spawn)|\/user\/ada/);
    await page.goto(`${address}/user/mallory/evil`);
    const result = await page.locator("#result").textContent({ timeout: 60_000 });
    t.log(result);
    t.deepEqual(JSON.parse(result ?? ""), {
      fetch: false,
      frame: false,
      popup: false,
      worker: false,
      ownWorker: true,
    });
  },
);
