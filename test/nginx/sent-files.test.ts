import test from "ava";
import { type Answer, ask } from "./support/client.js";
import { type Edge, startEdge } from "./support/running-edge.js";
import { startUpstream } from "./support/upstream.js";
import { withNginx } from "./support/with-nginx.js";

let edge: Edge;
let close = async () => {};

test.before(async () => {
  const upstream = await startUpstream();
  edge = await startEdge({ tls: { kind: "off" }, upstream: `127.0.0.1:${upstream.port}` });
  close = async () => {
    await edge.close();
    await upstream.close();
  };
});
test.after.always(() => close());

const post = (path: string, bytes: number): Promise<Answer> =>
  ask(edge.ports.http, path, {
    tls: false,
    method: "POST",
    headers: { "Content-Length": bytes },
  });

withNginx("only the files of a teacher may be larger than 128 kB, and up to 101 MB", async (t) => {
  const megabyte = 2 ** 20;
  // The upstream answers before the body has come: it is asked first who sends it.
  t.is((await post("/services/room/files", 101 * megabyte)).status, 200);
  t.is((await post("/services/room/files", 101 * megabyte + 1)).status, 413);
  for (const path of ["/services/room/handout", "/services/room/files/", "/hub/api/room/files"])
    t.is((await post(path, 128 * 1024 + 1)).status, 413, path);
});
