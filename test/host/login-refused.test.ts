import test from "ava";
import { type Output, exitCode } from "../../src/errors.js";
import { probeLogin } from "../../src/host/login.js";
import { userError } from "../support/fakes.js";

/** The error of a login whose first command ends like this. */
const errorOf = (host: string, output: Partial<Output>) =>
  userError(
    probeLogin(host, {
      exec: async () => ({ code: 1, stdout: "", stderr: "", ...output }),
      socket: async () => Promise.reject(new Error("no socket")),
      prepare: () => {},
      close: async () => {},
    }),
  );

// The forced command in root's authorized_keys of cloud-init (disable_root_opts), which prints this and ends with 142.
const refusal = (user: string) =>
  `Please login as the user "${user}" rather than the user "root".\n\n`;

for (const [host, user, wanted] of [
  ["root@203.0.113.10", "ubuntu", "ubuntu@203.0.113.10"],
  ["203.0.113.10", "admin", "admin@203.0.113.10"],
  ["ssh://root@203.0.113.10:2222", "ec2-user", "ssh://ec2-user@203.0.113.10:2222"],
] as const)
  test(`${host}: an image that wants another user says which one`, async (t) => {
    const error = await errorOf(host, { code: 142, stdout: refusal(user) });
    t.is(error.message, `${host}: this machine wants logins as ${user}, not as root`);
    t.is(error.hint, `write \`${wanted}\` instead of \`${host}\` in the configuration`);
    t.is(error.code, exitCode.preflight);
  });

test("a login that runs no commands is quoted, and no line for sudoers is made of its words", async (t) => {
  for (const stdout of [
    "This account is currently not available.\n",
    'Please login as the user "$(reboot)" rather than the user "root".\n',
    "Welcome to the menu\n1) status\n",
  ]) {
    const error = await errorOf("ada@box", { stdout });
    t.regex(error.message, /^ada@box: this login does not run commands; it answers: "/);
    t.is(error.hint, "ssh ada@box id");
    t.false(error.message.includes("\n"));
  }
});

test("only a name of a user gets a line for sudoers", async (t) => {
  const error = await errorOf("box", {
    stdout: "swarmhub-login ada\n",
    stderr: "sudo: a password is required\n",
  });
  t.regex(error.hint ?? "", /echo 'ada ALL=\(ALL\) NOPASSWD: ALL'/);
});
