import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startNginx } from "../../nginx/nginx.js";
import { freePorts } from "./support/running-edge.js";
import { withNginx } from "./support/with-nginx.js";

withNginx("a reload waits for an nginx that still starts, and does not end it", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-nginx-"));
  const file = join(folder, "nginx.conf");
  const slow = join(folder, "nginx");
  await writeFile(slow, '#!/bin/sh\nsleep 1\nexec /usr/sbin/nginx "$@"\n');
  await chmod(slow, 0o755);
  const [port] = await freePorts(3);
  const health = `127.0.0.1:${port}`;
  const configuration = `daemon off;
pid ${folder}/pid;
events {}
http {
  access_log off;
  server {
    listen ${health};
    location = /swarmhub/health { return 200; }
  }
}
`;
  await writeFile(file, configuration);
  const before = process.env["PATH"];
  process.env["PATH"] = `${folder}:${before}`;
  const nginx = startNginx(file, health);
  process.env["PATH"] = before;
  let code: number | undefined;
  const ended = nginx.ended.then((each) => (code = each));
  t.teardown(async () => {
    nginx.stop(5000);
    await ended;
    await rm(folder, { recursive: true });
  });
  await nginx.reload();
  t.is(code, undefined, "it runs");
  const answer = await new Promise<number | undefined>((resolve, reject) => {
    get(`http://${health}/swarmhub/health`, (response) =>
      resolve(response.resume().statusCode),
    ).once("error", reject);
  });
  t.is(answer, 200);
});
