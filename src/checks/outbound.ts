import { type OutboundProxy, proxyOn, proxyText } from "../cluster/outbound.js";
import { imagesOf } from "../config/types.js";
import { registryOf } from "../config/values/image.js";
import type { Host } from "../host/host.js";
import { quote } from "../text/shell.js";
import type { Check, CheckContext, Finding } from "./check.js";

/** The HTTP proxy answers each machine, accepts its login, and connects to the registry of users' images. */
export const outboundCheck: Check = {
  name: "outbound",
  run: async (context) => {
    const { cluster, machines } = context;
    const found = await Promise.all(
      cluster.hosts.map(async (host): Promise<Finding[]> => {
        const proxy = proxyOn(cluster, machines, machines(host).facts);
        return proxy === undefined ? [] : [await findingOn(host, proxy, context)];
      }),
    );
    return found.flat();
  },
};

const findingOn = async (
  host: Host,
  proxy: OutboundProxy,
  { cluster: { config } }: CheckContext,
): Promise<Finding> => {
  const target = targetOf(
    imagesOf(config).map(({ image }) => image),
    proxy.except,
  );
  const status = (await host.script(askScript(proxy, target), { title: "ask the proxy" })).trim();
  const name = proxyText(proxy);
  const isOurs = config.proxy !== undefined;
  const problem = (text: string, hint: string): Finding => ({
    host: host.name,
    // What the owner gave to Docker may be for other hosts only.
    level: isOurs ? "error" : "warning",
    text: `the proxy ${name} ${text}`,
    hint: isOurs ? hint : `check the proxy that Docker has on ${host.name}: \`docker info\``,
  });
  if (status === "200")
    return { host: host.name, level: "ok", text: `the proxy ${name} connects to ${target}` };
  if (status === "407")
    return proxy.https.includes("@")
      ? problem("rejects the user name or the password", "correct proxy.user and proxy.password")
      : problem(
          "asks for a user name and a password",
          "add user and password: `proxy: {http: …, user: NAME, password: from-env PROXY_PASSWORD}`",
        );
  if (/^\d{3}$/.test(status)) {
    const refusal = problem(
      `does not connect to ${target} (status ${status})`,
      `ask whoever runs it to allow ${target} on port 443; what is reached without it belongs to proxy.except`,
    );
    if (target !== dockerHub || config.engine.registryMirrors.length === 0) return refusal;
    const hint = `images come from engine.registry-mirrors; for those that are not there, allow ${target} on port 443`;
    return { ...refusal, level: "warning", hint };
  }
  return problem(
    `does not answer (${status === "" ? "no HTTP" : status.slice(0, 100)})`,
    "check `proxy` in swarmhub.yaml, and whether a firewall is between the machine and the proxy",
  );
};

const dockerHub = "registry-1.docker.io";

/** The first registry of these images that Docker asks through the proxy, else Docker Hub, where builds get most of theirs. */
const targetOf = (images: readonly string[], except: readonly string[]): string => {
  const registry = images
    .map(registryOf)
    .find((each) => /^[a-z0-9.-]+\.[a-z]+$/.test(each) && !isDirect(each, except));
  return registry === undefined || registry === "docker.io" ? dockerHub : registry;
};

/** Whether an exception names this host or a domain above it, as `NO_PROXY` is read by Go's httpproxy. */
const isDirect = (host: string, except: readonly string[]): boolean =>
  except.some((each) => {
    const domain = each.replace(/^\*/, "");
    return (
      each === "*" ||
      host === domain ||
      host.endsWith(domain.startsWith(".") ? domain : `.${domain}`)
    );
  });

/** Prints the status of the answer, or why there is none. The login is in the script, which goes over stdin. */
const askScript = ({ https }: OutboundProxy, target: string): string => {
  const { hostname, port, username, password } = new URL(https);
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const authorization =
    username === ""
      ? ""
      : `Proxy-Authorization: Basic ${Buffer.from(login).toString("base64")}\r\n`;
  const request = `CONNECT ${target}:443 HTTP/1.1\r\nHost: ${target}:443\r\n${authorization}\r\n`;
  return `perl - ${quote(hostname)} ${port === "" ? 80 : port} <<'PROGRAM'
use IO::Socket::INET;
$SIG{ALRM} = sub { print "no answer within 10 s"; exit };
alarm 10;
my $socket = IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1], Proto => "tcp", Timeout => 5)
  or do { print $! || "its name is not found"; exit };
print $socket pack "H*", "${Buffer.from(request).toString("hex")}";
my $line = <$socket> // "";
print $1 if $line =~ m|^HTTP/1\\.[01] (\\d{3})|;
PROGRAM`;
};
