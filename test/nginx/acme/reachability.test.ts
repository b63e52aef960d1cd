import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { type RequestListener, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { checkReachability } from "../../../nginx/acme/reachability.js";
import type { Problem } from "../../../nginx/problem.js";

const webrootOf = async (t: ExecutionContext): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-webroot-"));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
};

const serving = async (t: ExecutionContext, answer: RequestListener): Promise<number> => {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
};

test("a name that points to our webroot is accepted, and no file stays there", async (t) => {
  const webroot = await webrootOf(t);
  const hosts: (string | undefined)[] = [];
  const port = await serving(t, ({ url = "", headers }, response) => {
    hosts.push(headers.host);
    void readFile(join(webroot, url)).then((content) => response.end(content));
  });
  await t.notThrowsAsync(checkReachability(["localhost"], { webroot, port }));
  t.deepEqual([...new Set(hosts)], ["localhost"]);
  t.deepEqual(await readdir(join(webroot, ".well-known/acme-challenge")), []);
});

test("a name that points to another server is reported with the address, and how to skip the check", async (t) => {
  const webroot = await webrootOf(t);
  const port = await serving(t, (_request, response) => response.end("welcome to nginx"));
  const problem = await t.throwsAsync<Problem>(
    checkReachability(["localhost"], { webroot, port }),
    {
      message: "localhost points to 127.0.0.1, where another server answers",
    },
  );
  t.regex(problem.hint ?? "", /swarmhub tls renew --force$/);
});

test("an endless answer is not read to its end", async (t) => {
  const webroot = await webrootOf(t);
  const port = await serving(t, (_request, response) => {
    const more = () => {
      while (response.write("x".repeat(10_000)));
      response.once("drain", more);
    };
    more();
  });
  await t.throwsAsync(checkReachability(["localhost"], { webroot, port }), {
    message: /another server/,
  });
});

test("a closed port and a name that does not resolve are different problems", async (t) => {
  const webroot = await webrootOf(t);
  await t.throwsAsync(checkReachability(["localhost"], { webroot, port: 1 }), {
    message: /where nothing listens on port 1$/,
  });
  await t.throwsAsync(checkReachability(["nowhere.invalid"], { webroot, port: 1 }), {
    message: "nowhere.invalid is not in the DNS",
  });
});
