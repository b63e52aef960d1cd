import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import test, { type ExecutionContext } from "ava";
import { arrive } from "./simulated-student.js";

type Answer = (request: IncomingMessage, response: ServerResponse) => Record<string, () => unknown>;

/** A front door that knows these addresses alone; any other is told to the test. */
const door = async (t: ExecutionContext, answer: Answer): Promise<string> => {
  const server = createServer((request, response) => {
    const known = answer(request, response)[`${request.method} ${request.url}`];
    if (known === undefined) t.fail(`nobody asks for ${request.method} ${request.url}`);
    known?.();
    response.end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** What a hub answers to anna until her server runs. */
const login = (request: IncomingMessage, response: ServerResponse) => ({
  "GET /hub/login": () => response.setHeader("Set-Cookie", "_xsrf=before; Path=/hub/"),
  "POST /hub/login?next=%2Fhub%2Fspawn": () =>
    response.writeHead(request.headers.cookie === "_xsrf=before" ? 302 : 403, {
      Location: "/hub/spawn",
      "Set-Cookie": ["_xsrf=after; Path=/hub/", "jupyterhub-hub-login=anna; Path=/hub/"],
    }),
  "GET /hub/spawn": () => response.writeHead(302, { Location: "/hub/spawn-pending/anna" }),
  "GET /hub/spawn-pending/anna": () => undefined,
});
const progress = "GET /hub/api/users/anna/server/progress";
const site = (address: string) => ({ address, password: "a room" });

test("somebody logs in, reads how the start goes, and asks their server until it answers", async (t) => {
  let asked = 0;
  const address = await door(t, (request, response) => ({
    ...login(request, response),
    [progress]: () => {
      t.is(request.headers["x-xsrftoken"], "after");
      t.is(request.headers.cookie, "_xsrf=after; jupyterhub-hub-login=anna");
      response.write('data: {"progress": 10}\n\n\n\ndata: {"progress": 100, "ready": true}\n\n');
    },
    "GET /user/anna/api": () => {
      asked += 1;
      response.writeHead(asked === 1 ? 503 : 200);
    },
  }));
  const seen = await arrive(site(address), "Anna");
  t.is(seen.failure, undefined);
  t.is(seen.user, "Anna");
  const { begun, loggedIn = 0, ready = 0, answered = 0 } = seen;
  t.true(begun <= loggedIn && loggedIn <= ready && ready <= answered - 250);
});

test("a start that failed ends with the sentence that stands on the page", async (t) => {
  const address = await door(t, (request, response) => ({
    ...login(request, response),
    [progress]: () =>
      response.write('data: {"failed": true, "message": "All seats are taken."}\n\n'),
  }));
  const seen = await arrive(site(address), "anna", { reloads: 5 });
  t.like(seen, { sentence: "All seats are taken.", reloads: 0 });
  t.is(seen.answered, undefined);
});

test("a page of the hub's that refuses is a sentence too", async (t) => {
  const address = await door(t, (request, response) => ({
    ...login(request, response),
    "GET /hub/spawn": () => {
      const page = '<head>x</head><div class="error"> <h1>429 : Busy</h1><p>Try again</p></div>';
      response.writeHead(429).write(page);
    },
  }));
  t.is((await arrive(site(address), "anna")).sentence, "429: 429 : Busy Try again");
});

test("what breaks off is a failure, and goes on where the page may be loaded anew", async (t) => {
  let asked = 0;
  const address = await door(t, (request, response) => ({
    ...login(request, response),
    [progress]: () => {
      asked += 1;
      if (asked < 3) response.destroy();
      else response.write('data: {"ready": true}\n\n');
    },
    "GET /user/anna/api": () => response.writeHead(200),
  }));
  const cut = await arrive(site(address), "anna");
  t.is(cut.failure, "socket hang up");
  const seen = await arrive(site(address), "anna", { reloads: 1 });
  t.like(seen, { reloads: 1, failure: undefined });
  t.truthy(seen.answered);
});

test("who comes to the end of their patience is told what the server answers", async (t) => {
  const address = await door(t, (request, response) => ({
    ...login(request, response),
    [progress]: () => response.write('data: {"ready": true}\n\n'),
    "GET /user/anna/api": () => response.writeHead(503),
  }));
  const { failure } = await arrive(site(address), "anna", { deadline: 600 });
  t.regex(failure ?? "", /the server answers 503|aborted/);
});
