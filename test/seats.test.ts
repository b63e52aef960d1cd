import test from "ava";
import { seatsOn } from "../src/seats.js";
import { fakeConfig } from "./fakes.js";

const gibibytes = (count: number) => count * 2 ** 30;

test("a machine keeps half a gigabyte for itself, the manager more for the hub", (t) => {
  const config = fakeConfig();
  t.is(seatsOn(gibibytes(8), config, false), 7);
  t.is(seatsOn(gibibytes(8), config, true), 6);
});

test("a machine that is too small has no seat, never less than none", (t) => {
  const config = fakeConfig();
  t.is(seatsOn(gibibytes(1), config, false), 0);
  t.is(seatsOn(0, config, true), 0);
});
