import { pythonEnvironment } from "../python-environment.js";

/** Installs the CAS server of the tests, if that has not been done, and lets the programs that start it find it. */
export const installCas = async (): Promise<void> => {
  process.env["CAS_VENV"] = await pythonEnvironment("cas-3.1.0", [
    "django-cas-server==3.1.0",
    "django==5.2.*",
  ]);
};
