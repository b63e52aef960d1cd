import { type OutboundProxy, proxyOn } from "../../cluster/outbound.js";
import type { CheckContext } from "../check.js";
import type { Host } from "../../host/host.js";
import { quote } from "../../text/shell.js";

/** The answer to a request from a machine; `ahead` is by how many seconds its clock is before the other's, if that sends the time. */
export type Answer = { kind: "answer"; status: number; body: string; ahead: number | undefined };

/** Why there is no answer, in curl's words where they help. */
export type NoAnswer = { kind: "silent" | "unsafe" | "no curl"; reason: string };

/** Asks the provider of logins from the manager, with the certificates of `login`, and through the class's proxy. */
export const askProvider = (
  url: string,
  { cluster, machines }: CheckContext,
): Promise<Answer | NoAnswer> =>
  askFrom(
    cluster.manager,
    url,
    cluster.secrets.get("login-ca"),
    proxyOn(cluster, machines, machines(cluster.manager).facts),
  );

const separator = "swarmhub-end-of-body";

/**
 * Asks an https address from a machine, with the public root certificates and those of `ca`. No redirect is followed, and an answer
 * has at most 256 kB and 15 s, as for the hub.
 */
export const askFrom = async (
  host: Host,
  url: string,
  ca: string | undefined,
  proxy?: OutboundProxy,
): Promise<Answer | NoAnswer> => {
  const output = await host.script(
    `command -v curl >/dev/null || { echo; echo ${separator} 127; exit 0; }
${proxy === undefined ? "" : exportProxy(proxy)}roots=$(mktemp) && trap 'rm -f "$roots" "$roots.error"' EXIT
cat /etc/ssl/certs/ca-certificates.crt >"$roots" 2>/dev/null
printf '\\n%s\\n' ${quote(ca ?? "")} >>"$roots"
curl -q -sS -i --http1.1 --proto =https --connect-timeout 5 --max-time 15 --max-filesize 262144 --cacert "$roots" ${quote(url)} 2>"$roots.error" | head -c 300000
echo; echo ${separator} "$(date +%s)" "$(head -c 500 "$roots.error" | tr '\\n' ' ')"`,
    { title: "ask the provider of logins", timeout: 30_000 },
  );
  return parse(output);
};

/** In the script, which goes over stdin, and not among curl's arguments. */
const exportProxy = ({ https, except }: OutboundProxy): string =>
  `https_proxy=${quote(https)} no_proxy=${quote(except.join(","))}; export https_proxy no_proxy\n`;

const parse = (output: string): Answer | NoAnswer => {
  const end = output.lastIndexOf(separator);
  const [seconds = "", ...words] = output
    .slice(end + separator.length)
    .trim()
    .split(" ");
  const reason = words.join(" ").trim();
  if (seconds === "127") return { kind: "no curl", reason: "" };
  const code = Number(/^curl: \((\d+)\)/.exec(reason)?.[1] ?? 0);
  if ([35, 51, 58, 60, 77, 83].includes(code)) return { kind: "unsafe", reason };
  const text = output.slice(0, end);
  const status = Number(/^HTTP\/[\d.]+ (\d{3})/.exec(text)?.[1] ?? 0);
  if (code !== 0 || status === 0) return { kind: "silent", reason };
  const [headers = ""] = text.split(/\r?\n\r?\n/);
  const date = Date.parse(/^date:\s*(.*)$/im.exec(headers)?.[1] ?? "");
  const ahead = Number.isNaN(date) ? undefined : Number(seconds) - date / 1000;
  return { kind: "answer", status, body: text.slice(headers.length).trim(), ahead };
};
