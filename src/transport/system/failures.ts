import { printable } from "../../text/format.js";

/**
 * Why ssh ended before it was logged in, from the lines that it wrote (OpenSSH speaks English only); in the form in which ssh2 says it, so
 * that both have the same sentences.
 */
export const failureOf = (lines: readonly string[]): Error & { code?: string; level?: string } => {
  const text = lines.filter((line) => !line.startsWith("debug1: ")).join("\n");
  const [, failure] =
    failures.find(([pattern]) => pattern.test(text)) ??
    // Without a word, after the host key was compared: the machine went away during the login.
    (/^Connection (closed|reset) by /m.test(text)
      ? [undefined, lines.some((line) => hasKey.test(line)) ? during : atOnce]
      : []);
  const words = printable(text.trim().split("\n").at(-1) ?? "");
  return Object.assign(new Error(words === "" ? "ssh ended without a word" : words), failure);
};

type Failure = { code?: string; level?: string };

const hasKey = /^debug1: Server host key: /;
const during: Failure = { level: "client-closed" };
const atOnce: Failure = { code: "ECONNRESET" };

const failures: readonly (readonly [RegExp, Failure])[] = [
  [/Could not resolve hostname/, { code: "ENOTFOUND" }],
  [/Connection refused/, { code: "ECONNREFUSED" }],
  [/No route to host/, { code: "EHOSTUNREACH" }],
  [/Network is unreachable/, { code: "ENETUNREACH" }],
  [/timed out/i, { code: "ETIMEDOUT" }],
  [/Too many authentication failures/, {}],
  [/Permission denied \(/, { level: "client-authentication" }],
  [/kex_exchange_identification|banner exchange/, atOnce],
];

/** Whether it ended because the host key is not in known_hosts, or is another one there. */
export const isHostKeyFailure = (lines: readonly string[]): boolean =>
  lines.some((line) => /Host key verification failed|REMOTE HOST IDENTIFICATION/.test(line));

/** What the connection to a jump host says when that one did not forward to the machine; undefined where it did. */
export const jumpFailure = (lines: readonly string[]): string | undefined =>
  lines.flatMap((line) => /^channel \d+: open failed: (.*)/.exec(line)?.[1] ?? []).at(-1);

/** The keys that ssh offered, by their files or comments. */
export const offeredKeys = (lines: readonly string[]): string[] => [
  ...new Set(
    lines.flatMap(
      (line) => /^debug1: Offering public key: (.+?) \S+ SHA256:/.exec(line)?.[1] ?? [],
    ),
  ),
];
