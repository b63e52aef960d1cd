import type { Duplex } from "node:stream";
import { perlSockets } from "../text/perl-sockets.js";
import { quote } from "../text/shell.js";
import { startSocketForwarder } from "./socket/forwarder.js";
import { NoSocketError, type SocketRoutes } from "./socket/types.js";
import type { Transport } from "./transport.js";

/** Where Docker Engine listens. */
export const dockerSocket = "/var/run/docker.sock";

/**
 * Opens a unix socket: directly where the login may use it, else through a forwarder that root runs; where sshd forwards
 * no sockets, through a relay for each connection. Throws NoSocketError where nothing listens.
 */
export const socketsBy = (routes: SocketRoutes): Pick<Transport, "socket" | "prepare"> => {
  const fallbacks = new Map<string, Promise<FallbackRoute>>();
  const fallbackTo = (path: string, find: () => Promise<FallbackRoute>): Promise<FallbackRoute> => {
    const fallback = fallbacks.get(path) ?? find();
    fallbacks.set(path, fallback);
    fallback.catch(() => fallbacks.delete(path));
    return fallback;
  };
  const openByFallback = async (path: string): Promise<Duplex | undefined> => {
    try {
      return await (
        await fallbacks.get(path)
      )?.();
    } catch (error) {
      if (!(error instanceof NoSocketError)) throw error;
      fallbacks.delete(path);
      return undefined;
    }
  };
  return {
    socket: async (path) => {
      const socket = await openByFallback(path);
      if (socket !== undefined) return socket;
      try {
        return await routes.direct(path);
      } catch (error) {
        if (!(error instanceof NoSocketError)) throw error;
        return (await fallbackTo(path, () => findFallback(routes, path, error)))();
      }
    },
    prepare: (path) => {
      // A failure is handled when the socket is opened.
      if (!routes.isRoot) fallbackTo(path, () => forwarderTo(routes, path)).catch(() => undefined);
    },
  };
};

/** A route to a socket that cannot be opened directly. */
type FallbackRoute = () => Promise<Duplex>;

/** A forwarder for a login that may not use the socket itself. */
const forwarderTo = async (routes: SocketRoutes, path: string): Promise<FallbackRoute> => {
  const forwarder = await startSocketForwarder(routes, path, "sudo -n ");
  if (forwarder === undefined)
    throw new NoSocketError(`no forwarder for ${path} could be started`, { host: routes.host });
  return () => routes.direct(forwarder);
};

/** Finds the route that works. sshd reports "open failed" whatever the cause, so a script finds the cause. */
const findFallback = async (
  routes: SocketRoutes,
  path: string,
  error: NoSocketError,
): Promise<FallbackRoute> => {
  const { host, exec } = routes;
  const output = await exec(probeScript(path), { title: "probe the socket", timeout: 15_000 });
  const found = new Set(output.stdout.trim().split("\n"));
  if (found.has("answers")) {
    const asRoot = found.has("root") ? "" : "sudo -n ";
    const forwarder = await startSocketForwarder(routes, path, asRoot);
    if (forwarder !== undefined && (await opens(routes.direct, forwarder)))
      return () => routes.direct(forwarder);
    return () => routes.stream(`${asRoot}perl -e ${quote(relayProgram)} ${quote(path)}`);
  }
  if (found.has("socket") && !found.has("perl")) throw error;
  throw new NoSocketError(
    path === dockerSocket
      ? `Docker Engine is not ${found.has("socket") ? "running" : "installed, or not running"}: nothing listens at ${path}`
      : `nothing listens at ${path}`,
    { host, hint: path === dockerSocket ? "systemctl status docker" : undefined },
  );
};

const opens = async (direct: SocketRoutes["direct"], path: string): Promise<boolean> => {
  try {
    (await direct(path)).destroy();
    return true;
  } catch (error) {
    if (error instanceof NoSocketError) return false;
    throw error;
  }
};

const probeScript = (path: string): string => `
path=${quote(path)}
as='sudo -n'
if [ "$(id -u)" = 0 ]; then as=; echo root; fi
if $as test -S "$path"; then echo socket; fi
if command -v perl >/dev/null; then echo perl; fi
if $as perl -e ${quote(`${perlSockets}; exit !dial(shift)`)} "$path"; then echo answers; fi`;

/**
 * Copies bytes between stdin, stdout and a unix socket, one process for each direction. In Perl, which is part of every
 * Debian and Ubuntu; `docker system dial-stdio` needs the docker command, which is a separate package.
 */
const relayProgram = `
${perlSockets}
sub copy {
  my ($from, $to) = @_;
  while (sysread($from, my $bytes, 65536)) {
    for (my $sent = 0; $sent < length $bytes;) {
      $sent += syswrite($to, $bytes, length($bytes) - $sent, $sent) // return;
    }
  }
}
my $socket = dial($ARGV[0]) or die "$ARGV[0]: $!\\n";
my $child = fork // die "fork: $!\\n";
if ($child) {
  copy(*STDIN, $socket);
  shutdown($socket, 1);
  waitpid($child, 0);
} else {
  copy($socket, *STDOUT);
  kill "TERM", getppid;
}`;
