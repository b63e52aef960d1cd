import { assetPath } from "../../../../src/operator/assets.js";
import type { Isolation } from "../isolated-program.js";

const prepare = `mount -t tmpfs none /usr/local/share
place=/usr/local/share/jupyter/labextensions/swarmhub-class
mkdir -p $place/static
cp "$EXTENSION/package.json" $place/
cp "$EXTENSION/class.js" $place/static/
mount -t tmpfs none /usr/local/etc
settings=/usr/local/etc/jupyter/labconfig/default_setting_overrides.d
mkdir -p $settings
cp "$EXTENSION/settings.json" $settings/swarmhub.json`;

/** The same program with the class's extension of JupyterLab where a server of a class has it. */
export const withExtension = (isolation: Isolation): Isolation => ({
  ...isolation,
  prepare,
  env: { ...isolation.env, EXTENSION: assetPath("hub/labextension") },
});
