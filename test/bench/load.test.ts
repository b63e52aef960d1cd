import test from "ava";
import { startUpstream } from "../nginx/support/upstream.js";
import { echo } from "./load/echo.js";
import { atOnce, connections, paced } from "./load/requests.js";

const upstream = await startUpstream();
const site = { host: "127.0.0.1", port: upstream.port, name: "geo.example.org" };
const long = { site, path: "/long.js", bytes: 5000 };

test.after.always(() => upstream.close());

test("a site without a pause answers more requests than it has connections", async (t) => {
  const { perSecond, p50, p99 } = await atOnce({
    kind: "at once",
    connections: 2,
    seconds: 1,
    ...long,
  });
  t.true(perSecond > 2, `${perSecond}`);
  t.true(p50 > 0 && p50 <= p99);
});

test("a paced load sends no more requests than its rate", async (t) => {
  const load = { kind: "paced", connections: 2, perSecond: 50, seconds: 0.4, ...long } as const;
  const { perSecond } = await paced(load);
  t.true(perSecond > 0 && perSecond < 60, `${perSecond}`);
});

test("new connections are opened one after the other", async (t) => {
  const { p50 } = await connections({ kind: "connections", count: 3, isResumed: false, ...long });
  t.true(p50 > 0);
});

test("websockets are used without a pause or at a rate", async (t) => {
  const load = { kind: "echo", site, sockets: 2, seconds: 0.4 } as const;
  t.true((await echo({ ...load, perSecond: 0 })).perSecond > 0);
  const { perSecond } = await echo({ ...load, perSecond: 20 });
  t.true(perSecond > 0 && perSecond < 40, `${perSecond}`);
});

test("an answer with a wrong length or status ends the load", async (t) => {
  const load = { kind: "connections", count: 3, isResumed: false, site } as const;
  await t.throwsAsync(() => connections({ ...load, path: "/long.js", bytes: 5001 }), {
    message: "/long.js has 5000 bytes and not 5001",
  });
  await t.throwsAsync(() => connections({ ...load, path: "/not-running", bytes: 26 }), {
    message: "/not-running answers 503",
  });
});
