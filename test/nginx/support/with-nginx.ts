import { existsSync } from "node:fs";
import test, { type TestFn } from "ava";

/** Whether nginx is installed here. */
export const hasNginx = existsSync("/usr/sbin/nginx");

/** A test that needs nginx; skipped where it is not installed. */
export const withNginx = (hasNginx ? test : test.skip) as TestFn;
