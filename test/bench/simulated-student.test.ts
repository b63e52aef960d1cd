import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import test, { type ExecutionContext } from "ava";
import { simulateLogin } from "./simulated-student.js";

type Answer = (request: IncomingMessage, response: ServerResponse) => Record<string, () => unknown>;

/** A fake edge with these routes; any other request fails the test. */
const fakeEdge = async (t: ExecutionContext, answer: Answer): Promise<string> => {
  const server = createServer((request, response) => {
    const route = answer(request, response)[`${request.method} ${request.url}`];
    if (route === undefined) t.fail(`unexpected request: ${request.method} ${request.url}`);
    route?.();
    response.end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** The answers of the hub for anna until her server runs. */
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

test("a student logs in, reads the progress of the start, and polls the server until it answers", async (t) => {
  let requests = 0;
  const address = await fakeEdge(t, (request, response) => ({
    ...login(request, response),
    [progress]: () => {
      t.is(request.headers["x-xsrftoken"], "after");
      t.is(request.headers.cookie, "_xsrf=after; jupyterhub-hub-login=anna");
      response.write('data: {"progress": 10}\n\n\n\ndata: {"progress": 100, "ready": true}\n\n');
    },
    "GET /user/anna/api": () => {
      requests += 1;
      response.writeHead(requests === 1 ? 503 : 200);
    },
  }));
  const result = await simulateLogin(site(address), "Anna");
  t.is(result.failure, undefined);
  t.is(result.user, "Anna");
  const { started, loggedIn = 0, ready = 0, answered = 0 } = result;
  t.true(started <= loggedIn && loggedIn <= ready && ready <= answered - 250);
});

test("a failed start ends with the message on the page", async (t) => {
  const address = await fakeEdge(t, (request, response) => ({
    ...login(request, response),
    [progress]: () =>
      response.write('data: {"failed": true, "message": "All seats are taken."}\n\n'),
  }));
  const result = await simulateLogin(site(address), "anna", { reloads: 5 });
  t.like(result, { message: "All seats are taken.", reloads: 0 });
  t.is(result.answered, undefined);
});

test("an error page of the hub is a message too", async (t) => {
  const address = await fakeEdge(t, (request, response) => ({
    ...login(request, response),
    "GET /hub/spawn": () => {
      const page = '<head>x</head><div class="error"> <h1>429 : Busy</h1><p>Try again</p></div>';
      response.writeHead(429).write(page);
    },
  }));
  t.is((await simulateLogin(site(address), "anna")).message, "429: 429 : Busy Try again");
});

test("a broken connection is a failure, and a reload continues the login", async (t) => {
  let requests = 0;
  const address = await fakeEdge(t, (request, response) => ({
    ...login(request, response),
    [progress]: () => {
      requests += 1;
      // Twice for each login: after the first time the browser sends its request again.
      if (requests < 5) response.destroy();
      else response.write('data: {"ready": true}\n\n');
    },
    "GET /user/anna/api": () => response.writeHead(200),
  }));
  const failed = await simulateLogin(site(address), "anna");
  t.is(failed.failure, "socket hang up");
  const result = await simulateLogin(site(address), "anna", { reloads: 1 });
  t.like(result, { reloads: 1, failure: undefined });
  t.truthy(result.answered);
});

test("at the deadline the failure has the status of the server", async (t) => {
  const address = await fakeEdge(t, (request, response) => ({
    ...login(request, response),
    [progress]: () => response.write('data: {"ready": true}\n\n'),
    "GET /user/anna/api": () => response.writeHead(503),
  }));
  const { failure } = await simulateLogin(site(address), "anna", { deadline: 600 });
  t.regex(failure ?? "", /the server has status 503|aborted/);
});
