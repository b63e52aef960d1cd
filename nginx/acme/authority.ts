import type { OutboundProxy } from "../../contracts/outbound-proxy.js";
import type { X509Certificate } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { agentFor } from "../outbound-proxy.js";
import { Problem, retriesHint } from "../problem.js";
import { type Window, renewalName } from "./renewal-window.js";

/**
 * An authority: the URL of its ACME directory, the root that verifies its own HTTPS if that is not a public one (PEM), and the proxy
 * through which it is reached.
 */
export type Authority = {
  directory: string;
  ca: string | undefined;
  proxy?: OutboundProxy | undefined;
};

/**
 * The renewal window that the authority suggests for this certificate, and the seconds for which that holds; undefined where it
 * suggests none. Throws a Problem if it does not answer, or if its clock and ours differ by more than an hour.
 */
export const askAuthority = async (
  authority: Authority,
  leaf: X509Certificate | undefined,
  now: () => Date,
): Promise<{ window: Window; seconds: number } | undefined> => {
  const { headers, body } = await get(authority, authority.directory);
  compareClocks(headers.date, now());
  const base = fieldOf(body, "renewalInfo");
  const name = leaf === undefined ? undefined : renewalName(leaf);
  if (typeof base !== "string" || name === undefined) return undefined;
  const answer = await get(authority, `${base}/${name}`).catch(() => undefined);
  if (answer === undefined) return undefined;
  const window = fieldOf(answer.body, "suggestedWindow");
  const [start, end] = [dateIn(window, "start"), dateIn(window, "end")];
  if (start === undefined || end === undefined || end < start) return undefined;
  const seconds = Number(answer.headers["retry-after"]);
  return { window: { start, end }, seconds: seconds >= 60 && seconds <= 86_400 ? seconds : 21_600 };
};

type Answer = { headers: IncomingHttpHeaders; body: unknown };

const get = async ({ directory, ca, proxy }: Authority, url: string): Promise<Answer> => {
  const host = new URL(directory).host;
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(url, {
        agent: agentFor(proxy, new URL(url).hostname),
        headers: { "user-agent": "swarmhub" },
        signal: AbortSignal.timeout(timeoutMilliseconds),
        ...(ca === undefined ? {} : { ca }),
      })
        .once("response", resolve)
        .once("error", reject)
        .end();
    });
    const body = await text(response);
    if (response.statusCode !== 200)
      throw new Error(`${url} answered ${response.statusCode}: ${body.slice(0, 200)}`);
    return { headers: response.headers, body: JSON.parse(body) as unknown };
  } catch (error) {
    throw unreachable(host, error);
  }
};

const timeoutMilliseconds = 30_000;

const unreachable = (host: string, error: unknown): Problem => {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID")
    return new Problem(
      `by the manager's clock, the certificate of the authority ${host} itself is not valid`,
      setClock,
      message,
    );
  if (/CERT|ISSUER|SIGNED|ALTNAME/.test(code))
    return new Problem(untrusted(host), untrustedHint, message);
  return new Problem(unanswered(host), unansweredHint, message);
};

/** The problem of an authority whose own HTTPS cannot be verified. */
export const untrusted = (host: string): string =>
  `the certificate of the authority ${host} itself is not trusted`;
export const untrustedHint = "for a private authority, set its root certificate in tls.acme.ca";

/** The problem of an authority that cannot be reached. */
export const unanswered = (host: string): string => `the authority ${host} does not answer`;
export const unansweredHint = `${retriesHint}; if this lasts, check that the manager can reach the authority`;

const compareClocks = (date: string | undefined, now: Date): void => {
  const theirs = date === undefined ? Number.NaN : Date.parse(date);
  const minutes = Math.round((now.getTime() - theirs) / 60_000);
  if (Math.abs(minutes) > 60)
    throw new Problem(
      `the manager's clock says ${now.toISOString()}, the authority's ${new Date(theirs).toISOString()}`,
      setClock,
    );
};

const setClock = "set the manager's clock: timedatectl set-ntp true";

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;

const dateIn = (value: unknown, name: string): Date | undefined => {
  const field = fieldOf(value, name);
  const date = new Date(typeof field === "string" ? field : Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
};
