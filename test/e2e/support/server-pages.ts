/**
 * A configuration of Jupyter with pages that a user adds to their own server, which need no login: by path below `/user/NAME/`, the
 * body of the Python method `get` of a Tornado handler.
 */
const serverPages = (pages: Record<string, string>): string => {
  const names = Object.keys(pages);
  const handlers = names.map((name, index) => {
    const body = (pages[name] ?? "").trim().split("\n");
    return `class Page${index}(RequestHandler):
    def get(self):
${body.map((line) => `        ${line}`).join("\n")}
`;
  });
  const routes = names.map((name, index) => `(base + ${JSON.stringify(name)}, Page${index})`);
  return `from jupyter_server.serverapp import ServerWebApplication
from tornado.web import RequestHandler
import os

${handlers.join("\n")}
original = ServerWebApplication.init_handlers

def init_handlers(self, services, settings):
    base = settings["base_url"]
    return [${routes.join(", ")}, *original(self, services, settings)]

ServerWebApplication.init_handlers = init_handlers
`;
};

/** Python code for a cell that writes the configuration, and other files by their path in the home; the server reads it when it starts. */
export const writeServerPages = (
  pages: Record<string, string>,
  files: Record<string, string> = {},
): string => {
  const all = { ...files, ".jupyter/jupyter_server_config.py": serverPages(pages) };
  return `import json, os
os.makedirs(os.path.expanduser("~/.jupyter"), exist_ok=True)
for name, text in json.loads(${JSON.stringify(JSON.stringify(all))}).items():
    with open(os.path.expanduser("~/" + name), "w") as file:
        file.write(text)
print("written")`;
};
