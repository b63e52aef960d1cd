import test from "ava";
import { askForImage, referenceFrom } from "../../../src/checks/image/registry.js";

const hub = "https://registry-1.docker.io";
for (const [image, registry, path, tag] of [
  ["debian", hub, "library/debian", "latest"],
  ["debian:trixie-slim", hub, "library/debian", "trixie-slim"],
  ["docker.io/library/debian", hub, "library/debian", "latest"],
  ["jupyter/scipy-notebook:2026", hub, "jupyter/scipy-notebook", "2026"],
  ["quay.io/jupyter/scipy-notebook:x", "https://quay.io", "jupyter/scipy-notebook", "x"],
  ["localhost:5000/a", "https://localhost:5000", "a", "latest"],
  ["10.0.0.1:5000/a/b:c", "https://10.0.0.1:5000", "a/b", "c"],
  ["quay.io/a/b:c@sha256:0123", "https://quay.io", "a/b", "sha256:0123"],
] as const)
  test(`${image} is at ${registry}`, (t) => {
    t.deepEqual(referenceFrom(image), { registry, path, tag });
  });

type Page = { status: number; body?: unknown; headers?: Record<string, string> };

/** A fake web of pages by "METHOD url" that records the requests; other pages are unreachable. */
const web = (pages: Record<string, Page | ((headers: Headers) => Page)>) => {
  const asked: string[] = [];
  return {
    asked,
    fetch: async (url: string, { method = "GET", headers }: RequestInit): Promise<Response> => {
      asked.push(`${method} ${url}`);
      const found = pages[`${method} ${url}`];
      if (found === undefined)
        throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
      const page = typeof found === "function" ? found(new Headers(headers)) : found;
      const body = page.body === undefined ? null : JSON.stringify(page.body);
      return new Response(body, { status: page.status, headers: page.headers ?? {} });
    },
  };
};

const at = (registry: string) => `${registry}/v2/jupyter/scipy/manifests/v1`;
const unknown = { errors: [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }] };
const mirror = "http://mirror.example.org:5000";
const ask = (pages: Parameters<typeof web>[0], image = "jupyter/scipy:v1", mirrors = [mirror]) =>
  askForImage(image, mirrors, web(pages).fetch);

test("the mirror that has the image is enough", async (t) => {
  const { fetch, asked } = web({ [`HEAD ${at(mirror)}`]: { status: 200 } });
  const answer = await askForImage("jupyter/scipy:v1", [mirror], fetch);
  t.like(answer, { kind: "found", registry: "mirror.example.org:5000" });
  t.deepEqual(asked, [`HEAD ${at(mirror)}`]);
});

test("Docker Hub is asked for an image that the mirror lacks", async (t) => {
  const answer = await ask({
    [`HEAD ${at(mirror)}`]: { status: 404 },
    [`GET ${at(mirror)}`]: { status: 404, body: unknown },
    [`HEAD ${at(hub)}`]: { status: 200 },
  });
  t.like(answer, { kind: "found", registry: "registry-1.docker.io" });
});

const login = { username: "ada", password: "s3cret" };
const basic = `Basic ${Buffer.from("ada:s3cret").toString("base64")}`;
const askedWith = (authorization: string, realm: string) => ({
  [`HEAD ${at("https://ghcr.io")}`]: (headers: Headers): Page =>
    headers.get("authorization") === authorization
      ? { status: 200 }
      : { status: 401, headers: { "www-authenticate": realm } },
  [`GET ${at("https://ghcr.io")}`]: { status: 401 },
});
const private_ = "ghcr.io/jupyter/scipy:v1";

test("a login is shown to the token server of its registry, and to a registry without one", async (t) => {
  const tokenServer = {
    "GET https://ghcr.io/token": (headers: Headers): Page =>
      headers.get("authorization") === basic
        ? { status: 200, body: { token: "t1" } }
        : { status: 401 },
  };
  const withToken = {
    ...askedWith("Bearer t1", 'Bearer realm="https://ghcr.io/token"'),
    ...tokenServer,
  };
  t.like(await askForImage(private_, [], web(withToken).fetch, login), { kind: "found" });
  t.like(await askForImage(private_, [], web(withToken).fetch), { kind: "refused" });
  const plain = askedWith(basic, 'Basic realm="x"');
  t.like(await askForImage(private_, [], web(plain).fetch, login), { kind: "found" });
});

test("a login is not sent in plain text, nor to a mirror", async (t) => {
  const sent: string[] = [];
  const spy = (fetch: ReturnType<typeof web>["fetch"]) => (url: string, options: RequestInit) => {
    if (new Headers(options.headers).has("authorization")) sent.push(url);
    return fetch(url, options);
  };
  const insecure = web(askedWith("x", 'Bearer realm="http://ghcr.io/token"'));
  t.like(await askForImage(private_, [], spy(insecure.fetch), login), { kind: "refused" });
  t.deepEqual(
    insecure.asked.filter((each) => each.includes("token")),
    [],
  );
  const mirrored = web({
    [`HEAD ${at(mirror)}`]: { status: 401, headers: { "www-authenticate": 'Basic realm="x"' } },
    [`GET ${at(mirror)}`]: { status: 401 },
    [`HEAD ${at(hub)}`]: { status: 200 },
  });
  await askForImage("jupyter/scipy:v1", [mirror], spy(mirrored.fetch), login);
  t.deepEqual(sent, []);
});

test("mirrors are for Docker Hub's images only", async (t) => {
  const { fetch, asked } = web({ [`HEAD ${at("https://quay.io")}`]: { status: 200 } });
  await askForImage("quay.io/jupyter/scipy:v1", [mirror], fetch);
  t.deepEqual(asked, [`HEAD ${at("https://quay.io")}`]);
});

test("a missing image is refused with the registry's message", async (t) => {
  const page = { status: 404, body: unknown };
  const url = at("https://quay.io");
  const answer = await ask(
    { [`HEAD ${url}`]: page, [`GET ${url}`]: page },
    "quay.io/jupyter/scipy:v1",
  );
  t.deepEqual(answer, { kind: "refused", registry: "quay.io", message: "404 (manifest unknown)" });
});

test("a registry's anonymous token is fetched and sent", async (t) => {
  const realm = "https://auth.example.org/token";
  const challenge = `Bearer realm="${realm}",service="quay",scope="repository:jupyter/scipy:pull"`;
  const url = at("https://quay.io");
  const answer = await ask(
    {
      [`HEAD ${url}`]: (headers) =>
        headers.get("authorization") === "Bearer secret"
          ? { status: 200 }
          : { status: 401, headers: { "www-authenticate": challenge } },
      [`GET ${realm}?service=quay&scope=repository%3Ajupyter%2Fscipy%3Apull`]: {
        status: 200,
        body: { token: "secret" },
      },
    },
    "quay.io/jupyter/scipy:v1",
  );
  t.is(answer.kind, "found");
});

test("a private image is refused, since there is no login", async (t) => {
  const page = {
    status: 401,
    headers: { "www-authenticate": 'Basic realm="private"' },
    body: { errors: [{ code: "UNAUTHORIZED", message: "authentication required" }] },
  };
  const url = at("https://r.example.org");
  const answer = await ask(
    { [`HEAD ${url}`]: page, [`GET ${url}`]: page },
    "r.example.org/jupyter/scipy:v1",
  );
  t.like(answer, { kind: "refused", message: "401 (authentication required)" });
});

for (const [title, pages, message] of [
  ["an unreachable registry", {}, /ECONNREFUSED/],
  ["a failing registry", { status: 503 }, /^503/],
  ["a registry that limits requests", { status: 429 }, /^429/],
] as const)
  test(`${title} says nothing about the image`, async (t) => {
    const url = at("https://quay.io");
    const responses = "status" in pages ? { [`HEAD ${url}`]: pages, [`GET ${url}`]: pages } : {};
    const answer = await ask(responses, "quay.io/jupyter/scipy:v1");
    t.is(answer.kind, "unknown");
    t.regex(answer.message, message);
  });

test("a mirror's refusal counts if Docker Hub cannot be reached", async (t) => {
  const page = { status: 404, body: unknown };
  const answer = await ask({ [`HEAD ${at(mirror)}`]: page, [`GET ${at(mirror)}`]: page });
  t.like(answer, { kind: "refused", registry: "mirror.example.org:5000" });
});
