import type { Host } from "../../host/host.js";
import { quote } from "../../text/shell.js";
import type { NoAnswer } from "./ask.js";

/**
 * Why the hub could not use an LDAP directory at "ldaps://ldap.example.edu": it does not answer, or its certificate is not valid.
 * ldap:// is asked for StartTLS. Undefined if it could.
 */
export const certificateFault = async (
  host: Host,
  url: string,
  ca: string | undefined,
): Promise<NoAnswer | undefined> => {
  const { protocol, hostname, port } = new URL(url.replace(/^ldap/i, "http"));
  const isTls = protocol === "https:";
  const name = hostname.replace(/^\[|\]$/g, "");
  const target = `${hostname}:${port === "" ? (isTls ? 636 : 389) : port}`;
  const matches = /^[\d.]+$|:/.test(name) ? "-verify_ip" : "-verify_hostname";
  const output = await host.script(
    `command -v openssl >/dev/null || { echo none; exit 0; }
roots=$(mktemp) && trap 'rm -f "$roots"' EXIT
cat /etc/ssl/certs/ca-certificates.crt >"$roots" 2>/dev/null
printf '\\n%s\\n' ${quote(ca ?? "")} >>"$roots"
{ timeout 15 openssl s_client -connect ${quote(target)} ${isTls ? "" : "-starttls ldap"} -verify_return_error ${matches} ${quote(name)} -CAfile "$roots" -brief </dev/null 2>&1; echo "status $?"; } | head -c 4000`,
    { title: "ask the LDAP directory", timeout: 30_000 },
  );
  if (output.trim() === "none") return { kind: "no curl", reason: "" };
  if (/^status 0$/m.test(output)) return undefined;
  const [, verify] = /^verify error:(?:num=\d+:)?(.*)$/m.exec(output) ?? [];
  if (verify !== undefined) return { kind: "unsafe", reason: verify };
  const [last = "no answer within 15 s"] = output
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("status"))
    .slice(-1);
  return { kind: "silent", reason: last.slice(0, 200) };
};
