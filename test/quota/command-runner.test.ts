import test from "ava";
import { createCommandRunner } from "../../quota/command-runner.js";

const stop = new AbortController();
const run = createCommandRunner(stop.signal);

// The helper runs until it is stopped.
test.after.always(() => stop.abort());

test("output and exit code come back complete, whatever the bytes are", async (t) => {
  t.deepEqual(await run(["printf", "%s|%s", "a b\n", "$(id) 'q\" -rf"]), {
    code: 0,
    stdout: "a b\n|$(id) 'q\" -rf",
    stderr: "",
  });
  const strange = await run(["sh", "-c", "printf '\\377\\n\\n' >&2; exit 7"]);
  t.deepEqual(strange, { code: 7, stdout: "", stderr: "\u00ff\n\n" });
  t.is((await run(["sh", "-c", "kill -9 $$"])).code, 137);
});

test("large outputs on stdout and stderr at once do not block", async (t) => {
  const output = await run([
    "sh",
    "-c",
    "head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2",
  ]);
  t.deepEqual([output.stdout.length, output.stderr.length], [3_000_000, 3_000_000]);
});

test("a missing command gives a sentence", async (t) => {
  const output = await run(["no-such-command"]);
  t.deepEqual(
    [output.code, output.stderr],
    [127, "no-such-command did not run: No such file or directory"],
  );
});

test("concurrent calls each get their own output", async (t) => {
  const output = await Promise.all(["1", "2", "3"].map((word) => run(["echo", word])));
  t.deepEqual(
    output.map(({ stdout }) => stdout),
    ["1\n", "2\n", "3\n"],
  );
});

test("a killed helper fails the running call, and the next call starts another one", async (t) => {
  const mortalRun = createCommandRunner(stop.signal);
  await t.throwsAsync(mortalRun(["sh", "-c", "kill -9 $PPID; sleep 1"]), {
    message: /helper .* ended: SIGKILL/,
  });
  t.is((await mortalRun(["echo", "again"])).stdout, "again\n");
});
