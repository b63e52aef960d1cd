import type { Duplex } from "node:stream";
import { quote } from "../text/shell.js";
import { startSocketForwarder, perlSockets } from "./socket/forwarder.js";
import { NoSocketError, type SocketRoutes } from "./socket/types.js";
import type { Transport } from "./transport.js";

/** Where Docker Engine listens. */
export const dockerSocket = "/var/run/docker.sock";

/**
 * Opens a unix socket: at once where that is allowed; else, where the login may not use it, through a door of our own
 * beside it; and where sshd forwards nothing, through a relay for each connection. Throws NoSocketError where nothing listens.
 */
export const socketsBy = (routes: SocketRoutes): Pick<Transport, "socket" | "prepare"> => {
  const detours = new Map<string, Promise<Detour>>();
  const detourTo = (path: string, find: () => Promise<Detour>): Promise<Detour> => {
    const detour = detours.get(path) ?? find();
    detours.set(path, detour);
    detour.catch(() => detours.delete(path));
    return detour;
  };
  const byDetour = async (path: string): Promise<Duplex | undefined> => {
    try {
      return await (
        await detours.get(path)
      )?.();
    } catch (error) {
      if (!(error instanceof NoSocketError)) throw error;
      detours.delete(path);
      return undefined;
    }
  };
  return {
    socket: async (path) => {
      const socket = await byDetour(path);
      if (socket !== undefined) return socket;
      try {
        return await routes.direct(path);
      } catch (error) {
        if (!(error instanceof NoSocketError)) throw error;
        return (await detourTo(path, () => findDetour(routes, path, error)))();
      }
    },
    prepare: (path) => {
      // One that does not open is looked into by whoever wants the socket.
      if (!routes.isRoot) detourTo(path, () => doorTo(routes, path)).catch(() => undefined);
    },
  };
};

/** Another way to a socket. */
type Detour = () => Promise<Duplex>;

/** A door for a login that may not use the socket itself. */
const doorTo = async (routes: SocketRoutes, path: string): Promise<Detour> => {
  const door = await startSocketForwarder(routes, path, "sudo -n ");
  if (door === undefined)
    throw new NoSocketError(`there is no door to ${path}`, { host: routes.host });
  return () => routes.direct(door);
};

/** The way that works here. sshd says the same "open failed" whatever the cause, so we look. */
const findDetour = async (
  routes: SocketRoutes,
  path: string,
  error: NoSocketError,
): Promise<Detour> => {
  const { host, exec } = routes;
  const look = await exec(lookScript(path), { timeout: 15_000 });
  const seen = new Set(look.stdout.trim().split("\n"));
  if (seen.has("answers")) {
    const asRoot = seen.has("root") ? "" : "sudo -n ";
    const door = await startSocketForwarder(routes, path, asRoot);
    if (door !== undefined && (await opens(routes.direct, door))) return () => routes.direct(door);
    return () => routes.stream(`${asRoot}perl -e ${quote(relayProgram)} ${quote(path)}`);
  }
  if (seen.has("socket") && !seen.has("perl")) throw error;
  throw new NoSocketError(
    path === dockerSocket
      ? `${host}: Docker Engine is not ${seen.has("socket") ? "running" : "installed, or not running"}: nothing listens at ${path}`
      : `${host}: nothing listens at ${path}`,
    { hint: path === dockerSocket ? "systemctl status docker" : undefined },
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

const lookScript = (path: string): string => `
path=${quote(path)}
as='sudo -n'
if [ "$(id -u)" = 0 ]; then as=; echo root; fi
if $as test -S "$path"; then echo socket; fi
if command -v perl >/dev/null; then echo perl; fi
if $as perl -e ${quote(`${perlSockets}; exit !reach(shift)`)} "$path"; then echo answers; fi`;

/**
 * Carries bytes between stdin, stdout and a unix socket, each direction by a process of its own. In Perl, because
 * that is part of every Debian and Ubuntu; `docker system dial-stdio` needs the docker command, a package of its own.
 */
const relayProgram = `
${perlSockets}
sub carry {
  my ($from, $to) = @_;
  while (sysread($from, my $bytes, 65536)) {
    for (my $at = 0; $at < length $bytes;) {
      $at += syswrite($to, $bytes, length($bytes) - $at, $at) // return;
    }
  }
}
my $socket = reach($ARGV[0]) or die "$ARGV[0]: $!\\n";
my $child = fork // die "fork: $!\\n";
if ($child) {
  carry(*STDIN, $socket);
  shutdown($socket, 1);
  waitpid($child, 0);
} else {
  carry($socket, *STDOUT);
  kill "TERM", getppid;
}`;
