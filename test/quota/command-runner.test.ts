import test from "ava";
import { createCommandRunner } from "../../quota/command-runner.js";

const stop = new AbortController();
const helper = createCommandRunner(stop.signal);

// It stays until it is told to go.
test.after.always(() => stop.abort());

test("what a command says and how it ends comes back whole, whatever its bytes", async (t) => {
  t.deepEqual(await helper(["printf", "%s|%s", "a b\n", "$(id) 'q\" -rf"]), {
    code: 0,
    stdout: "a b\n|$(id) 'q\" -rf",
    stderr: "",
  });
  const strange = await helper(["sh", "-c", "printf '\\377\\n\\n' >&2; exit 7"]);
  t.deepEqual(strange, { code: 7, stdout: "", stderr: "\u00ff\n\n" });
  t.is((await helper(["sh", "-c", "kill -9 $$"])).code, 137);
});

test("much on both ways at once does not stop it", async (t) => {
  const said = await helper([
    "sh",
    "-c",
    "head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2",
  ]);
  t.deepEqual([said.stdout.length, said.stderr.length], [3_000_000, 3_000_000]);
});

test("a command that is not there is a sentence", async (t) => {
  const said = await helper(["no-such-command"]);
  t.deepEqual(
    [said.code, said.stderr],
    [127, "no-such-command did not run: No such file or directory"],
  );
});

test("many asks are answered each with its own", async (t) => {
  const said = await Promise.all(["1", "2", "3"].map((word) => helper(["echo", word])));
  t.deepEqual(
    said.map(({ stdout }) => stdout),
    ["1\n", "2\n", "3\n"],
  );
});

test("a helper that was killed fails what it was asked, and the next call has a new one", async (t) => {
  const mortal = createCommandRunner(stop.signal);
  await t.throwsAsync(mortal(["sh", "-c", "kill -9 $PPID; sleep 1"]), {
    message: /helper .* ended: SIGKILL/,
  });
  t.is((await mortal(["echo", "again"])).stdout, "again\n");
});
