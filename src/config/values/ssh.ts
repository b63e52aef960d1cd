import { reader } from "./reader.js";

/** Which program connects to the machines: ssh2, which is part of swarmhub, or the system's own ssh. */
export const sshFrom = reader(
  { what: "built-in or system" },
  (text, reject): "built-in" | "system" => {
    if (text !== "built-in" && text !== "system") throw reject();
    return text;
  },
);
