import { storageAddressIn } from "../../contracts/hub-settings.js";
import type { Facts } from "../host/facts.js";
import { paths } from "../paths.js";

/** The address at which the hub finds the homes, by its settings on the manager; undefined without a hub or with temporary homes. */
export const knownStorageAddress = ({ files }: Facts): string | undefined =>
  storageAddressIn(files[paths.hubConfiguration] ?? "");
