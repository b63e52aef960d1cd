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

test("a name that leads to our webroot passes, and nothing stays there", async (t) => {
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

test("a name that leads to somebody else is named with the address, and how to insist", async (t) => {
  const webroot = await webrootOf(t);
  const port = await serving(t, (_request, response) => response.end("welcome to nginx"));
  const trouble = await t.throwsAsync<Problem>(
    checkReachability(["localhost"], { webroot, port }),
    {
      message: "localhost leads to 127.0.0.1, where somebody else answers",
    },
  );
  t.regex(trouble.hint ?? "", /swarmhub tls renew --force$/);
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
    message: /somebody else/,
  });
});

test("a closed port and a name that is nowhere are told apart", async (t) => {
  const webroot = await webrootOf(t);
  await t.throwsAsync(checkReachability(["localhost"], { webroot, port: 1 }), {
    message: /where nothing listens on port 1$/,
  });
  await t.throwsAsync(checkReachability(["nowhere.invalid"], { webroot, port: 1 }), {
    message: "nowhere.invalid is not in the DNS",
  });
});
