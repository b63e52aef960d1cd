import { execFile } from "node:child_process";

/** The result of a command; each byte is one character (latin1), because names in a listing may not be UTF-8. */
export type Output = { code: number; stdout: string; stderr: string };

/** Runs argv without a shell; throws one sentence when it could not run at all. */
export type Run = (argv: readonly string[]) => Promise<Output>;

/** Runs commands in the C locale; `signal` ends those that run. */
export const createRun =
  (signal: AbortSignal): Run =>
  ([program = "", ...args]) =>
    new Promise((resolve, reject) => {
      const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };
      // The listing of 20,000 homes is some 2 MB.
      const options = { env, signal, encoding: "latin1", maxBuffer: 2 ** 28 } as const;
      execFile(program, args, options, (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        if (typeof code === "number") return resolve({ code, stdout, stderr });
        const why = code === "ENOENT" ? "it is not installed here" : error?.message;
        return reject(new Error(`${program} did not run: ${why}`, { cause: error }));
      });
    });

/** The stdout of a command that succeeded; throws one sentence with the command that failed and the reason. */
export const stdoutOf = async (run: Run, argv: readonly string[]): Promise<string> => {
  const output = await run(argv);
  if (output.code === 0) return output.stdout;
  const full = argv.join(" ");
  const command = full.length > 200 ? `${full.slice(0, 200)}…` : full;
  throw new Error(`\`${command}\` ended with ${output.code}: ${lastLines(output)}`);
};

/** The last lines that a command printed, on one line. */
export const lastLines = ({ stdout, stderr }: Output): string =>
  (stderr.trim() || stdout.trim() || "it printed nothing").split("\n").slice(-3).join("; ");

/** The message of an error. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
