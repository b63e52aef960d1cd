import { z } from "zod";
import type { OperatorMachine } from "../check.js";

/** A registry's answer on an image, with its message; `unknown`: it did not answer clearly. */
export type Answer = { kind: "found" | "refused" | "unknown"; registry: string; message: string };

type Fetch = OperatorMachine["fetch"];
type Login = { username: string; password: string };

/**
 * Asks like Docker: the mirrors first for Docker Hub's images, then the image's registry. The first that has the image counts,
 * else the last that refused it.
 */
export const askForImage = async (
  image: string,
  mirrors: readonly string[],
  fetch: Fetch,
  login?: Login,
): Promise<Answer> => {
  const reference = referenceFrom(image);
  const isHub = reference.registry === dockerHub;
  const registries = [...(isHub ? mirrors : []), reference.registry];
  const answers: Answer[] = [];
  for (const registry of registries) {
    // In sequence: the next registry is asked only if this one lacks the image.
    // A mirror is another registry, which does not get the login.
    const known = registry === reference.registry ? login : undefined;
    const answer = await ask({ ...reference, registry }, fetch, known);
    if (answer.kind === "found") return answer;
    answers.push(answer);
  }
  const refused = answers.findLast(({ kind }) => kind === "refused");
  return (
    refused ?? answers.at(-1) ?? { kind: "unknown", registry: reference.registry, message: "" }
  );
};

const timeout = 5000;
// milliseconds for all requests to one registry

const ask = async (
  { registry, path, tag }: Reference,
  fetch: Fetch,
  login: Login | undefined,
): Promise<Answer> => {
  const name = new URL(registry).host;
  const url = `${registry}/v2/${path}/manifests/${tag}`;
  const signal = AbortSignal.timeout(timeout);
  const get = (method: string, authorization?: string) =>
    fetch(url, {
      method,
      signal,
      headers: { accept, ...(authorization !== undefined && { authorization }) },
    });
  try {
    // Docker Hub limits pulls per hour, and a HEAD request is not a pull.
    let token: string | undefined;
    let response = await get("HEAD");
    if (response.status === 401) {
      token = await authorizationFor(response, fetch, signal, login);
      if (token !== undefined) response = await get("HEAD", token);
    }
    if (response.ok) return { kind: "found", registry: name, message: "" };
    // Only the answer to GET has the error message.
    const message = await messageOf(await get("GET", token));
    const isFinal = [401, 403, 404].includes(response.status);
    return { kind: isFinal ? "refused" : "unknown", registry: name, message };
  } catch (error) {
    return { kind: "unknown", registry: name, message: reasonOf(error) };
  }
};

// Every kind of manifest that Docker accepts; without them a registry answers 404 for an existing image.
const accept = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** What the registry accepts: a token of its token server, or the login itself; undefined if it wants a login that there is not. */
const authorizationFor = async (
  response: Response,
  fetch: Fetch,
  signal: AbortSignal,
  login: Login | undefined,
): Promise<string | undefined> => {
  const challenge = response.headers.get("www-authenticate") ?? "";
  const basic =
    login === undefined
      ? undefined
      : `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;
  if (/^basic /i.test(challenge)) return basic;
  if (!/^bearer /i.test(challenge)) return undefined;
  const fields = new Map(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [key, value]),
  );
  const realm = fields.get("realm");
  if (realm === undefined || !URL.canParse(realm)) return undefined;
  const url = new URL(realm);
  for (const key of ["service", "scope"]) {
    const value = fields.get(key);
    if (value !== undefined) url.searchParams.set(key, value);
  }
  // The registry names the token server; a login is not sent there in plain text.
  if (basic !== undefined && url.protocol !== "https:") return undefined;
  const answer = await fetch(url.href, {
    signal,
    ...(basic !== undefined && { headers: { authorization: basic } }),
  });
  if (!answer.ok) return undefined;
  const { token, access_token: accessToken } = tokens.parse(await answer.json());
  return `Bearer ${token ?? accessToken ?? ""}`;
};

const tokens = z.object({ token: z.string().optional(), access_token: z.string().optional() });

const registryErrors = z.object({
  errors: z.array(z.object({ code: z.string().optional(), message: z.string().optional() })),
});

const messageOf = async (response: Response): Promise<string> => {
  const text = await response.text();
  try {
    const { errors } = registryErrors.parse(JSON.parse(text));
    const messages = errors.map(({ code, message }) => message || code || "").filter(Boolean);
    if (messages.length > 0) return `${response.status} (${messages.join("; ")})`;
  } catch {
    // Perhaps a proxy's HTML page: the status is enough.
  }
  return `${response.status} ${response.statusText}`.trim();
};

/** The reason of a failed fetch, which is in the error's cause. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${timeout / 1000} s`;
  const { cause } = error;
  return cause instanceof Error && cause.message !== "" ? cause.message : error.message;
};

/** The parts of an image's name: the URL of its registry, its path there, and its tag or digest. */
type Reference = { registry: string; path: string; tag: string };

/** The registry of names without a registry. */
const dockerHub = "https://registry-1.docker.io";

/** Parses a name like Docker: the part before the first slash is a registry if it looks like a host. */
export const referenceFrom = (image: string): Reference => {
  const [, name = "", tag, digest] = /^(.*?)(?::([\w.-]+))?(?:@(.*))?$/.exec(image) ?? [];
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(0, slash));
  const isHost = /[.:]/.test(first) || first === "localhost";
  const host = isHost ? first : "docker.io";
  const path = isHost ? name.slice(slash + 1) : name;
  const isHub = host === "docker.io" || host === "index.docker.io";
  return {
    registry: isHub ? dockerHub : `https://${host}`,
    path: isHub && !path.includes("/") ? `library/${path}` : path,
    tag: digest ?? tag ?? "latest",
  };
};
