import test from "ava";
import { newNotebook, openBrowser, openJupyterLab, runCell } from "./support/browser.js";
import { labels } from "../../src/names.js";
import { waitUntil } from "../../src/wait.js";
import { homesIn } from "./support/homes/inside.js";
import { bootLab } from "./support/lab.js";

// The whole class is the machine on which swarmhub runs, here the guest; the homes are in a file.
// It builds our images, which other tests pull.
const lab = await bootLab("e2e-alone", 1, 2560, { prepared: true, pullsImages: false });
const browser = await openBrowser(lab);
const address = `https://${lab.address(1)}`;
const password = "one machine alone";
const yaml = `name: alone
manager: local
storage: {file: 2G, quota: 100M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${lab.image}", memory: 400M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`;
const serviceLabel = labels.service;
const swarmhub = (command: string): Promise<string> =>
  lab.on(
    1,
    `cd /root && { ROOM_PASSWORD='${password}' node /opt/swarmhub/swarmhub.js ${command}; } 2>&1`,
  );

test.before(async () => {
  await lab.on(1, "apt-get -q update && apt-get -q install -y --no-install-recommends nodejs");
  await lab.put(1, "dist", "/opt/swarmhub");
  await lab.write(1, "/root/swarmhub.yaml", yaml);
});

test.after.always(async () => {
  await browser.close();
  await lab.lab("down");
});

test.serial("up turns the local machine into a class, with the homes in a file", async (t) => {
  t.log(await swarmhub("up --yes"));
  t.regex(
    await lab.on(1, "findmnt -n -o SOURCE,FSTYPE,OPTIONS /srv/swarmhub"),
    /loop\d+ +xfs .*prjquota/,
  );
  t.regex(await swarmhub("up"), /nothing had to change/);
});

test.serial("a user logs in and runs a cell", async (t) => {
  const page = await openJupyterLab(browser, address, "alice", password);
  await newNotebook(page);
  t.is(
    await runCell(page, "import shutil; print(shutil.disk_usage('.').total)"),
    String(100 * 2 ** 20),
  );
  await page.context().close();
});

/** The seconds until the machine has answered twenty requests of this one for the login page, one after the other. */
const timeOfPages = async (): Promise<number> => {
  const request = `curl -sk -o /dev/null -w '%{http_code}\\n' ${address}/hub/login`;
  const begun = performance.now();
  const answers = await lab.lab("exec", "sh", "-c", `for n in $(seq 20); do ${request}; done`);
  const refused = answers
    .trim()
    .split("\n")
    .filter((status) => status !== "200");
  if (refused.length > 0) throw new Error(answers);
  return Math.round(performance.now() - begun) / 1000;
};

/** The percentage of the machine's processor that a loop in the hub's container gets. */
const shareOfHub = async (): Promise<number> => {
  const used = `sed -n 's/^usage_usec //p' /sys/fs/cgroup/system.slice/docker-$id.scope/cpu.stat`;
  const text = await lab.on(
    1,
    `id=$(docker ps -q --no-trunc -f label=${serviceLabel}=alone-hub)
before=$(${used})
docker exec $id timeout 10 sh -c 'while :; do :; done'
echo $(($(${used}) - before))`,
  );
  return Number(text) / 100_000;
};

test.serial("hub, proxy and edge have more weight for the CPU than users' servers", async (t) => {
  const weights = `for id in $(docker ps -q --no-trunc -f label=${serviceLabel}); do
  echo "$(docker inspect -f '{{index .Config.Labels "${serviceLabel}"}}' $id) $(cat /sys/fs/cgroup/system.slice/docker-$id.scope/cpu.weight)"
done | sort`;
  await waitUntil(
    async () => ((await lab.on(1, weights)).match(/ 10000$/gm)?.length === 3 ? true : undefined),
    { deadline: 60_000, every: 2000, otherwise: () => new Error("nothing has more weight") },
  );
  t.is(
    (await lab.on(1, weights)).replaceAll(/^alone-re.*\n/gm, ""),
    "alone-edge 10000\nalone-hub 10000\nalone-nb-alice 100\nalone-proxy 10000\n",
  );
  const idle = await timeOfPages();
  // Containers with the weight of a user's server. With equal weights the times are only shown: a lab's machines share their cores.
  await lab.on(
    1,
    `for n in $(seq 8); do docker create --name busy-$n --network none --entrypoint sh ${lab.image} -c 'while :; do :; done' >/dev/null; done; docker start $(docker ps -aq -f name=busy-) >/dev/null`,
  );
  const busy = await timeOfPages();
  const share = await shareOfHub();
  const ours = `$(docker ps -q | xargs docker inspect -f '{{.Id}} {{index .Config.Labels "${serviceLabel}"}}' | sed -n 's/ alone-\\(hub\\|proxy\\|edge\\)$//p')`;
  await lab.on(1, `docker update --cpu-shares 2624 ${ours}`);
  t.regex(await lab.on(1, weights), /^alone-hub 1\d\d$/m);
  const equal = await timeOfPages();
  const equalShare = await shareOfHub();
  await lab.on(
    1,
    `docker update --cpu-shares 262144 ${ours}; docker rm -f $(docker ps -aq -f name=busy-)`,
  );
  t.log(
    `20 pages took ${idle} s, ${busy} s beside 8 busy containers, ${equal} s with equal weights`,
  );
  t.log(`a loop in the hub's container got ${share} %, ${equalShare} % with equal weights`);
  t.true(share > 2 * equalShare);
  t.true(busy / 20 < 1, "a page takes less than a second on average");
});

/** Creates an own certificate on the guest, next to swarmhub.yaml; returns its serial number. */
const ownCertificate = (): Promise<string> =>
  lab.on(
    1,
    `cd /root && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 90 -subj /CN=own \
      -addext subjectAltName=IP:${lab.address(1)} -addext extendedKeyUsage=serverAuth \
      -keyout key.pem -out chain.pem 2>/dev/null && openssl x509 -in chain.pem -noout -serial`,
  );
/** The serial number of the served certificate, and the container that serves it. */
const served = async (): Promise<{ serial: string; container: string }> => ({
  serial: await lab.on(
    1,
    `openssl s_client -connect ${lab.address(1)}:443 </dev/null 2>/dev/null | openssl x509 -noout -serial`,
  ),
  container: await lab.on(
    1,
    "docker ps -q --filter label=com.docker.swarm.service.name=alone-edge",
  ),
});

test.serial(
  "an own certificate and a newer one are served without a restart of the container, and leave nothing behind",
  async (t) => {
    const before = await served();
    const first = await ownCertificate();
    await lab.write(
      1,
      "/root/swarmhub.yaml",
      `${yaml}tls: {certificate: chain.pem, key: key.pem}\n`,
    );
    t.log(await swarmhub("up"));
    t.deepEqual(await served(), { ...before, serial: first });
    const second = await ownCertificate();
    t.regex(
      await swarmhub("plan"),
      /copy own\/certificate.pem and own\/key.pem to the edge \(SHA-256/,
    );
    await swarmhub("up");
    t.deepEqual(await served(), { ...before, serial: second });
    t.regex(await swarmhub("tls"), /your own certificate from own[^]*in 89 days/);
    t.regex(await swarmhub("status"), /^your own certificate from own, expires in 89 days/m);

    await lab.on(1, "openssl genpkey -algorithm ed25519 -out /root/key.pem");
    t.regex(
      await swarmhub("up || true"),
      /tls.certificate: \/root\/chain.pem: the key does not match the certificate/,
    );
    t.deepEqual(await served(), { ...before, serial: second });

    await lab.write(1, "/root/swarmhub.yaml", yaml);
    await swarmhub("up");
    t.is((await served()).container, before.container);
    t.is(await lab.on(1, "ls /var/lib/swarmhub/certificates/own"), "");
    t.regex(await swarmhub("up"), /nothing had to change/);
  },
);

test.serial("after a power cut and a boot the class runs again by itself", async (t) => {
  await swarmhub("quota set alice 150M");
  await lab.lab("kill", "1");
  await lab.lab("boot", "1");
  const page = await openJupyterLab(browser, address, "alice", password);
  const listing = await page.request.get(`${address}/user/alice/api/contents/Untitled.ipynb`);
  t.is(listing.status(), 200);
  await page.context().close();
  t.regex(await swarmhub("status"), /alice/);
  t.is((await homesIn(lab).account("alice")).hard, 150 * 1024, "with her own limit");
});

test.serial("after a reboot a server that ran runs again, without its user", async (t) => {
  const service = () => lab.on(1, "docker service ls -q -f label=swarmhub.user=alice");
  const container = () => lab.on(1, "docker ps -q -f label=swarmhub.user=alice");
  const [before, ended] = [await service(), await container()];
  t.regex(ended, /^\w+\n$/);
  const begun = performance.now();
  await lab.lab("shut-down", "1");
  t.log(`shut down in ${Math.round((performance.now() - begun) / 1000)} s`);
  await lab.lab("boot", "1");
  const api = `curl -sk -o /dev/null -w '%{http_code}' ${address}/user/alice/api`;
  await waitUntil(
    async () =>
      (await lab.lab("exec", "sh", "-c", `${api} || true`)) === "200" ? true : undefined,
    {
      deadline: 300_000,
      every: 2000,
      otherwise: async () =>
        new Error(
          await lab.on(1, "docker service ls; docker service ps --no-trunc alone-nb-alice"),
        ),
    },
  );
  t.log(`it answers ${Math.round((performance.now() - begun) / 1000)} s after the shutdown began`);
  t.is(await service(), before);
  t.not(await container(), ended);
});

test.serial("a larger size in the configuration grows the file with the homes", async (t) => {
  await lab.write(1, "/root/swarmhub.yaml", yaml.replace("file: 2G", "file: 3G"));
  t.regex(await swarmhub("up"), /3 GB/);
  const size = Number(await lab.on(1, "df -B1M --output=size /srv/swarmhub | tail -n 1"));
  t.true(size > 2800, `${size} MB`);
  t.regex(await swarmhub("up"), /nothing had to change/);
});

test.serial("down --delete-homes removes the class and the file", async (t) => {
  t.log(await swarmhub("down --delete-homes --yes"));
  t.is(
    await lab.on(1, "ls -d /srv/swarmhub /var/lib/swarmhub /etc/swarmhub 2>/dev/null || true"),
    "",
  );
});
