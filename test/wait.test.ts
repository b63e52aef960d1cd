import test from "ava";
import { waitUntil } from "../src/wait.js";

const otherwise = () => new Error("nothing came");

test("what is seen at once is answered at once", async (t) => {
  const begun = performance.now();
  t.is(await waitUntil(async () => "here", { deadline: 60_000, every: 20_000, otherwise }), "here");
  t.true(performance.now() - begun < 20_000);
});

test("a false or a zero is something to see", async (t) => {
  t.is(await waitUntil(async () => 0, { deadline: 10, otherwise }), 0);
});

test("it looks again and again", async (t) => {
  let looks = 0;
  t.is(
    await waitUntil(async () => (++looks === 3 ? looks : undefined), {
      deadline: 60_000,
      every: 1,
      otherwise,
    }),
    3,
  );
});

test("at the deadline it throws what is to be said then", async (t) => {
  await t.throwsAsync(
    waitUntil(async () => undefined, { deadline: 5, every: 1, otherwise: async () => otherwise() }),
    {
      message: "nothing came",
    },
  );
});

test("what a look throws ends the waiting", async (t) => {
  const look = async () => {
    throw new Error("lost");
  };
  await t.throwsAsync(waitUntil(look, { deadline: 60_000, otherwise }), { message: "lost" });
});
