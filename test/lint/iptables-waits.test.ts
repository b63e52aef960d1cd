import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import test from "ava";

// While another program changes rules, iptables fails at once ("holding the xtables lock", exit code 4), and a list of it is empty.
test("each call of iptables waits for other programs that change rules", (t) => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join("src", name));
  const calls = files.flatMap((file) =>
    readFileSync(file, "utf8")
      .split("\n")
      .flatMap((line, index) => (isCall(line) ? [{ line, place: `${file}:${index + 1}` }] : [])),
  );
  t.true(calls.length > 10);
  t.deepEqual(
    calls
      .filter(
        ({ line }) => !/(iptables|ip6tables|\$\{?command\}?)(-restore)? (-w|--wait)\b/.test(line),
      )
      .map(({ place }) => place),
    [],
  );
});

// Not in a comment, and not in a hint for the user.
const isCall = (line: string): boolean =>
  !/^\s*(\/\/|\/?\*)/.test(line) &&
  /(?<!sudo )(iptables|ip6tables|\$\{?command\}?)(-restore)? -/.test(line);
