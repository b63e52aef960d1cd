import { execFile } from "node:child_process";

/** What a command left behind; each byte is one character (latin1), for names in a listing may be no UTF-8. */
export type Output = { code: number; stdout: string; stderr: string };

/** Runs argv without a shell; throws one sentence when it could not be run at all. */
export type Run = (argv: readonly string[]) => Promise<Output>;

/** Commands in the C locale; `signal` ends those that run. */
export const createRun =
  (signal: AbortSignal): Run =>
  ([program = "", ...args]) =>
    new Promise((resolve, reject) => {
      const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };
      // 20,000 homes list as some 2 MB.
      const options = { env, signal, encoding: "latin1", maxBuffer: 2 ** 28 } as const;
      execFile(program, args, options, (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        if (typeof code === "number") return resolve({ code, stdout, stderr });
        const why = code === "ENOENT" ? "it is not installed here" : error?.message;
        return reject(new Error(`${program} did not run: ${why}`, { cause: error }));
      });
    });

/** The stdout of a command that succeeded; throws one sentence that says which one failed and why. */
export const stdoutOf = async (run: Run, argv: readonly string[]): Promise<string> => {
  const output = await run(argv);
  if (output.code === 0) return output.stdout;
  const shown = argv.join(" ");
  const command = shown.length > 200 ? `${shown.slice(0, 200)}…` : shown;
  throw new Error(`\`${command}\` ended with ${output.code}: ${lastWords(output)}`);
};

/** What a command said last. */
export const lastWords = ({ stdout, stderr }: Output): string =>
  (stderr.trim() || stdout.trim() || "it said nothing").split("\n").slice(-3).join("; ");

/** What an error says. */
export const wordsOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
