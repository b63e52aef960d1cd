import { gzipSync } from "node:zlib";
import test, { type ExecutionContext } from "ava";
import { builtInNotebook } from "../../src/rehearsal/notebook.js";
import { type Visit, visit } from "../../src/rehearsal/person/person.js";
import { type Answer, fakeClass } from "./support/fake-class.js";

const guest = { name: "Rehearsal-1", ticket: "t1" };
const { cells } = builtInNotebook();

const plan = (address: string, changes: Partial<Visit> = {}): Visit => ({
  site: { address, verify: true },
  notebook: builtInNotebook(),
  workUntil: (ready) => ready,
  deadline: Date.now() + 20_000,
  signal: new AbortController().signal,
  onPhase: () => {},
  ...changes,
});

const visitOf = async (
  t: ExecutionContext,
  options: Parameters<typeof fakeClass>[1],
  changes = {},
) => {
  const site = await fakeClass(t, options);
  return { ...site, result: await visit(guest, plan(site.address, changes)) };
};

test("a person logs in, waits in the queue, opens JupyterLab with its scripts, runs the notebook and saves it", async (t) => {
  const seen: string[] = [];
  const onPhase = (phase: string): void => void seen.push(phase);
  const { result, asked, sockets } = await visitOf(t, {}, { onPhase });
  t.is(result.failure, undefined);
  t.is(result.place, 3);
  t.is(result.cells, cells.length);
  t.deepEqual(seen, [
    "login",
    "start",
    "queue",
    "start",
    "JupyterLab",
    "notebook",
    "cell",
    "save",
    "answer",
  ]);
  t.deepEqual(
    ["/hub/static/a.css", "/hub/static/b.js"].filter((path) => !asked.includes(`GET ${path}`)),
    [],
  );
  const chunks = ["jlab_core.bbbbbbbbbbbbbbbb.js", "5.aaaaaaaaaaaaaaaa.js"];
  for (const chunk of chunks) t.true(asked.includes(`GET /user/Rehearsal-1/static/lab/${chunk}`));
  t.true(asked.includes("GET /hub/api/users/Rehearsal-1/server/progress hub"));
  t.true(asked.includes("PUT /user/Rehearsal-1/api/contents/rehearsal.ipynb own"));
  t.deepEqual(sockets, [
    "/user/Rehearsal-1/api/events/subscribe _xsrf=own",
    "/user/Rehearsal-1/api/kernels/k1/channels _xsrf=own",
  ]);
  t.is(result.requests, asked.length);
  for (const phase of ["login", "queue", "start", "JupyterLab", "notebook", "save"] as const)
    t.is(result.times[phase].length, 1, phase);
});

for (const [answer, kind, sentence] of [
  ["ended", "memory", /The kernel was ended/],
  ["error", "cell", /^NameError: name 'x' is not defined$/],
  ["closed", "connection", /connection to the kernel was lost/],
] as const)
  test(`a cell whose kernel answers with "${answer}" is the failure of that cell`, async (t) => {
    const { result } = await visitOf(t, { cells: ["ok", answer] });
    t.like(result.failure, { kind, phase: "cell", cell: 2 });
    t.regex(result.failure?.sentence ?? "", sentence);
    t.is(result.cells, 1);
  });

test("frames that are none are passed over", async (t) => {
  const { result } = await visitOf(t, { cells: ["junk"] });
  t.is(result.failure, undefined);
});

test("a start that fails has the sentence of the hub", async (t) => {
  const { result } = await visitOf(t, {
    answers: {
      "GET /hub/api/users/Rehearsal-1/server/progress": (_request, response) =>
        void response.end('data: {"failed": true, "message": "No\\u001b[31m seat."}\n\n'),
    },
  });
  t.like(result.failure, { kind: "refused", phase: "start", sentence: "No seat." });
  t.is(result.ready, undefined);
});

test("a progress that breaks off is asked for again, as browsers do", async (t) => {
  let turn = 0;
  const { result } = await visitOf(t, {
    answers: {
      "GET /hub/api/users/Rehearsal-1/server/progress": (_request, response) => {
        turn += 1;
        if (turn === 1) response.writeHead(400).end();
        else response.end(turn === 2 ? 'data: {"progress": 50}\n\n' : 'data: {"ready": true}\n\n');
      },
    },
  });
  t.is(result.failure, undefined);
  t.is(turn, 3);
});

test("somebody who waits in the queue when all others have left has failed because of the seats", async (t) => {
  const ending = new AbortController();
  const onPhase = (phase: string): void => {
    if (phase === "queue") setTimeout(() => ending.abort(), 50);
  };
  const wait = 'data: {"message": "All seats are taken. You are next in the queue."}\n\n';
  const { result } = await visitOf(
    t,
    {
      answers: {
        "GET /hub/api/users/Rehearsal-1/server/progress": (_request, response) =>
          void response.write(wait),
      },
    },
    { onPhase, signal: ending.signal },
  );
  t.like(result.failure, { kind: "queue", phase: "queue" });
  t.is(result.place, 1);
});

test("a silent kernel ends with the rehearsal", async (t) => {
  const ending = new AbortController();
  const onPhase = (phase: string): void => {
    if (phase === "cell") setTimeout(() => ending.abort(), 50);
  };
  const { result } = await visitOf(t, { cells: ["silence"] }, { onPhase, signal: ending.signal });
  t.like(result.failure, { kind: "interrupted", phase: "cell" });
});

const hostile: [what: string, path: string, answer: Answer, sentence: RegExp][] = [
  [
    "sends the browser to another place",
    "POST /hub/rehearsal",
    (_, response) => void response.writeHead(302, { Location: "http://elsewhere.example/" }).end(),
    /sent the browser to another place, http:\/\/elsewhere.example/,
  ],
  [
    "never ends a line",
    "GET /hub/api/users/Rehearsal-1/server/progress",
    (_, response) => void response.end("x".repeat(200_000)),
    /the answer is too long/,
  ],
  [
    "answers the session with something else",
    "POST /user/Rehearsal-1/api/sessions",
    (_, response) => void response.end("[1, 2"),
    /JSON/,
  ],
  [
    "has no kernel",
    "GET /user/Rehearsal-1/api/kernelspecs",
    (_, response) => void response.end("null"),
    /the image has no kernel/,
  ],
  [
    "has no JupyterLab",
    "GET /user/Rehearsal-1/lab",
    (_, response) => void response.writeHead(404).end(),
    /the image has no JupyterLab/,
  ],
  [
    "packs a page of many gigabytes into a small answer",
    "GET /user/Rehearsal-1/lab",
    (_, response) => {
      response.setHeader("Content-Encoding", "gzip");
      response.end(gzipSync(Buffer.alloc(100_000_000)));
    },
    /the answer is too long/,
  ],
];
for (const [what, path, answer, sentence] of hostile)
  test(`a server that ${what} ends the visit with a sentence`, async (t) => {
    const { result } = await visitOf(t, { answers: { [path]: answer } });
    t.regex(result.failure?.sentence ?? "", sentence);
  });
