const mostCookies = 60;
const longestCookie = 8192;

type Cookie = { host: string; path: string; name: string; value: string };

/** The cookies of one browser. A cookie belongs to the host that set it, and to a path. */
export type Cookies = {
  store: (url: URL, lines: readonly string[]) => void;
  /** The value of the header `Cookie`. */
  header: (url: URL) => string;
  /** The XSRF token that a page at this address sends: that of the longest path. */
  xsrf: (url: URL) => string;
};

/** An empty jar. It keeps at most 60 cookies, since a server may send any number. */
export const createCookies = (): Cookies => {
  let all: Cookie[] = [];
  const fitting = ({ hostname, pathname }: URL): Cookie[] =>
    all
      .filter(({ host, path }) => host === hostname && isBelow(pathname, path))
      .toSorted((one, other) => other.path.length - one.path.length);
  return {
    store: (url, lines) => {
      for (const line of lines.slice(0, mostCookies)) {
        if (line.length > longestCookie) continue;
        const { cookie, isGone } = parse(url, line);
        const isOther = ({ host, path, name }: Cookie): boolean =>
          host !== cookie.host || path !== cookie.path || name !== cookie.name;
        all = [...all.filter(isOther), ...(isGone ? [] : [cookie])].slice(-mostCookies);
      }
    },
    header: (url) =>
      fitting(url)
        .map(({ name, value }) => `${name}=${value}`)
        .join("; "),
    xsrf: (url) => fitting(url).find(({ name }) => /^(?:__Host-)?_xsrf$/.test(name))?.value ?? "",
  };
};

/** RFC 6265, 5.1.4. */
const isBelow = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);

const parse = (url: URL, line: string): { cookie: Cookie; isGone: boolean } => {
  const [pair = "", ...attributes] = line.split(";");
  const [name = "", value = ""] = pair.trim().split(/=(.*)/s);
  const path = attributes.map((each) => /^\s*path=(\/.*?)\s*$/i.exec(each)?.[1]).find(Boolean);
  const isGone = /;\s*(max-age=0|expires=[^;]*1970)/i.test(line);
  return { cookie: { host: url.hostname, path: path ?? "/", name, value }, isGone };
};
