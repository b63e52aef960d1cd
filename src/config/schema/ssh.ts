import { sshFrom } from "../values/ssh.js";
import { leaf } from "./fields.js";

/** `ssh` of swarmhub.yaml: which program connects to the machines. */
export const ssh = leaf(sshFrom);
