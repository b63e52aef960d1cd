import { z } from "zod";
import type { OperatorMachine } from "../check.js";

/** What a registry says of an image, in its own words; `unknown` where it could not be asked. */
export type Answer = { kind: "there" | "refused" | "unknown"; registry: string; words: string };

type Fetch = OperatorMachine["fetch"];

/**
 * Asks as Docker would: Docker Hub's images at the mirrors first, each image then at its registry. The first that has it
 * counts; else the one that refused it.
 */
export const askForImage = async (
  image: string,
  mirrors: readonly string[],
  fetch: Fetch,
): Promise<Answer> => {
  const reference = referenceFrom(image);
  const isHub = reference.registry === dockerHub;
  const places = [...(isHub ? mirrors : []), reference.registry];
  const answers: Answer[] = [];
  for (const registry of places) {
    // One after the other: the next is asked only where this one does not have it.
    const answer = await ask({ ...reference, registry }, fetch);
    if (answer.kind === "there") return answer;
    answers.push(answer);
  }
  const refused = answers.findLast(({ kind }) => kind === "refused");
  return refused ?? answers.at(-1) ?? { kind: "unknown", registry: reference.registry, words: "" };
};

const patience = 5000;
// milliseconds for all that is asked of one registry

const ask = async ({ registry, path, tag }: Reference, fetch: Fetch): Promise<Answer> => {
  const name = new URL(registry).host;
  const url = `${registry}/v2/${path}/manifests/${tag}`;
  const signal = AbortSignal.timeout(patience);
  const get = (method: string, authorization?: string) =>
    fetch(url, {
      method,
      signal,
      headers: { accept, ...(authorization !== undefined && { authorization }) },
    });
  try {
    // HEAD does not count as a pull at Docker Hub, which allows so many an hour.
    let token: string | undefined;
    let response = await get("HEAD");
    if (response.status === 401) {
      token = await anonymousToken(response, fetch, signal);
      if (token !== undefined) response = await get("HEAD", token);
    }
    if (response.ok) return { kind: "there", registry: name, words: "" };
    // Only the answer to GET has the registry's words in it.
    const words = await wordsOf(await get("GET", token));
    const isFinal = [401, 403, 404].includes(response.status);
    return { kind: isFinal ? "refused" : "unknown", registry: name, words };
  } catch (error) {
    return { kind: "unknown", registry: name, words: reason(error) };
  }
};

// Every kind of manifest that Docker takes; without them a registry answers 404 for what it has.
const accept = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** A token for everybody, from where the registry says; undefined where it asks for a password. */
const anonymousToken = async (
  response: Response,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const challenge = response.headers.get("www-authenticate") ?? "";
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
  const answer = await fetch(url.href, { signal });
  if (!answer.ok) return undefined;
  const { token, access_token: accessToken } = tokens.parse(await answer.json());
  return `Bearer ${token ?? accessToken ?? ""}`;
};

const tokens = z.object({ token: z.string().optional(), access_token: z.string().optional() });

const complaints = z.object({
  errors: z.array(z.object({ code: z.string().optional(), message: z.string().optional() })),
});

const wordsOf = async (response: Response): Promise<string> => {
  const text = await response.text();
  try {
    const { errors } = complaints.parse(JSON.parse(text));
    const words = errors.map(({ code, message }) => message || code || "").filter(Boolean);
    if (words.length > 0) return `${response.status} (${words.join("; ")})`;
  } catch {
    // A proxy's page, perhaps: its status says enough.
  }
  return `${response.status} ${response.statusText}`.trim();
};

/** fetch says only "fetch failed"; why is in its cause. */
const reason = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${patience / 1000} s`;
  const { cause } = error;
  return cause instanceof Error && cause.message !== "" ? cause.message : error.message;
};

/** An image's name taken apart: where its registry answers, its path there, its tag or digest. */
export type Reference = { registry: string; path: string; tag: string };

/** The registry of names without one, as Docker asks it. */
const dockerHub = "https://registry-1.docker.io";

/** Reads a name as Docker does: what comes before the first slash is a registry if it looks like a host. */
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
