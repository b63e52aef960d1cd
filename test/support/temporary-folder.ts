import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";

const root = mkdtempSync(join(tmpdir(), "swarmhub-test-"));
test.after.always(() => rm(root, { recursive: true, force: true }));

/** Makes an empty folder, which is removed after the last test of this process, even if tests fail. */
export const temporaryFolder = (): string => mkdtempSync(join(root, "folder-"));
