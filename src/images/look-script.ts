import { quote, quoteAll } from "../text/shell.js";

/** Asks the image itself, as the class would start it: the server's own Python has its packages and kernels. */
const asServer = `
echo started
server=$(command -v jupyterhub-singleuser) || exit 0
echo "server $server"
line=$(sed -n '1s/^#! *//p' "$server")
for python in "$line" python3 python; do $python -c ${quote(`
import json, importlib.metadata as metadata
found = {}
for name in ("jupyterhub", "jupyterlab", "notebook", "nbgitpuller", "jupyter-resource-usage", "jupyter-server-proxy",
             "jupyter-rsession-proxy", "jupyter-vscode-proxy", "jupyter-collaboration"):
    try:
        found[name] = metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
try:
    from jupyter_client.kernelspec import find_kernel_specs
    kernels = sorted(find_kernel_specs())
except Exception:
    kernels = []
print("packages " + json.dumps(found))
print("kernels " + json.dumps(kernels))
`)} 2>/dev/null && break; done
exit 0`;

/** Looks at the image with nothing over its home, and without its entrypoint. */
const bare = `
grep '^[^:]*:[^:]*:1000:' /etc/passwd | head -n 1 | sed 's/^/user /'
home=$(grep '^[^:]*:[^:]*:1000:' /etc/passwd | head -n 1 | cut -d: -f6)
[ -n "$home" ] && [ "$home" != / ] && cd "$home" 2>/dev/null || exit 0
for name in .local/share/jupyter/kernels/*/kernel.json; do [ -e "$name" ] && echo "kernel $name"; done
ls -A | head -n 100 | sed 's/^/entry /'
exit 0`;

/**
 * The scripts that start an image twice on a machine, without a network and with the limits of a user's server: once bare, then
 * with an empty folder as the home and its own entrypoint. Prints what the image says, in lines that begin with a word.
 */
export const lookScripts = (image: string, name: string, memory: number) => {
  const limits = `--rm --network none --cap-drop ALL --user 1000:100 --security-opt no-new-privileges --no-healthcheck --init --pull never --pids-limit 512 --log-driver none --memory ${memory} --name ${name}`;
  // One that hangs is ended, and its container with it.
  const run = (...words: string[]): string =>
    `timeout -k 5 120 docker run ${limits} ${quoteAll(words)} </dev/null 2>&1 | head -c 65536
docker rm -f ${quote(name)} >/dev/null 2>&1
true`;
  return {
    bare: run("--entrypoint", "sh", image, "-c", bare),
    asServer: (home: string): string => {
      const mount = `${home}:uid=1000,gid=100,mode=700`;
      return run("--tmpfs", mount, "--env", `HOME=${home}`, image, "sh", "-c", asServer);
    },
  };
};
