import { site } from "../e2e/support/authority.js";
import type { Lab } from "../e2e/support/lab.js";
import type { EdgeStage } from "./edge-stage.js";
import { seconds } from "./figure.js";
import { watchDuring } from "./in-namespace.js";
import type { WatchResult } from "./load/result.js";

const renewals = 3;
const sockets = 50;

/** Renews three times with 50 open websockets: by the edge, then by a container that stops nginx for certbot. Returns a line for each. */
export const compareRenewals = async (lab: Lab, edgeStage: EdgeStage): Promise<string> => {
  const { stage } = edgeStage;
  const ours = await renewThreeTimes(lab, edgeStage, async () => {
    const { serial } = await stage.status();
    await stage.edge.signal("USR2");
    await stage.statusWhen("the certificate is renewed", (status) => status.serial !== serial);
  });
  await startCommon(lab, edgeStage);
  const served = () =>
    lab.on(1, `docker exec common cat /common/letsencrypt/live/${site}/cert.pem`);
  const common = await renewThreeTimes(lab, edgeStage, async () => {
    const before = await served();
    await lab.on(1, "docker exec common sh /common/renew.sh");
    if ((await served()) === before) throw new Error("certbot renewed nothing");
  });
  await lab.on(1, "docker rm -f common");
  return [
    ...ours.map(
      (result) =>
        `- the edge: ${describe(result)}, the slowest echo after ${seconds(result.slowest)}`,
    ),
    ...common.map((result) => `- nginx stopped for certbot --standalone: ${describe(result)}`),
  ].join("\n");
};

const renewThreeTimes = async (
  lab: Lab,
  { sites, small }: EdgeStage,
  renew: () => Promise<void>,
): Promise<WatchResult[]> => {
  const all: WatchResult[] = [];
  const load = { kind: "watch", site: sites.edge, sockets, seconds: 120, ...small } as const;
  for (let turn = 0; turn < renewals; turn += 1) all.push(await watchDuring(lab, load, renew));
  return all;
};

const describe = ({ broken, silent }: WatchResult): string =>
  `${broken} of ${sockets} dropped, at most ${seconds(silent)} between two answers to new connections`;

/** The setup of common tutorials: nginx and certbot in one container, with nginx stopped while certbot answers on port 80. */
const startCommon = async (lab: Lab, { imageOf }: EdgeStage): Promise<void> => {
  for (const [name, content] of Object.entries(files))
    await lab.write(1, `/root/common-${name}`, content);
  await lab.on(
    1,
    `set -e
docker rm -f edge common >/dev/null 2>&1 || true
rm -rf /root/common
mkdir /root/common
for file in ${Object.keys(files).join(" ")}; do mv /root/common-$file /root/common/$file; done
cp /root/acme/ca.pem /root/common/
docker run -d --name common --init --network class --dns ${lab.address(1)} -p 80:80 -p 443:443 -v /root/common:/common ${imageOf("edge")} sleep infinity
docker exec common sh /common/first.sh`,
  );
};

const certbot = "env REQUESTS_CA_BUNDLE=/common/ca.pem /opt/certbot/bin/certbot";
const folders =
  "--config-dir /common/letsencrypt --work-dir /common/work --logs-dir /common/log -n";

const files = {
  "first.sh": `set -e
${certbot} certonly --standalone ${folders} --agree-tos --register-unsafely-without-email \\
  --server https://acme.example.org:14000/dir -d ${site}
nginx -c /common/nginx.conf
`,
  // nginx has freed port 80 when it removes this file, as its last action.
  "stop.sh":
    "nginx -c /common/nginx.conf -s stop; while [ -e /run/nginx.pid ]; do sleep 0.02; done\n",
  // certbot waits until all processes have closed the output of its hooks, which nginx would never do.
  "renew.sh": `timeout 100 ${certbot} renew ${folders} --force-renewal --no-random-sleep-on-renew \\
  --pre-hook 'sh /common/stop.sh' --post-hook 'nginx -c /common/nginx.conf >/dev/null 2>&1'
`,
  "nginx.conf": `user www-data;
pid /run/nginx.pid;
events {}
http {
  map $http_upgrade $connection_header { default upgrade; '' close; }
  server {
    listen 80;
    return 301 https://$host$request_uri;
  }
  server {
    listen 443 ssl;
    ssl_certificate /common/letsencrypt/live/${site}/fullchain.pem;
    ssl_certificate_key /common/letsencrypt/live/${site}/privkey.pem;
    location / {
      proxy_pass http://proxy:8000;
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_header;
      proxy_read_timeout 1d;
    }
  }
}
`,
};
