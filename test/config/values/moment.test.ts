import test from "ava";
import { momentFrom, offsetText } from "../../../src/config/values/moment.js";

const refusal = (text: string): string => {
  try {
    momentFrom(text);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

test("a time is read in the time zone of the operator's machine", (t) => {
  for (const [text, month] of [
    ["2126-12-01 09:05", 11],
    [" 2126-07-01T09:05 ", 6],
  ] as const) {
    const { text: written, zone } = momentFrom(text);
    t.is(new Date(written).getTime(), new Date(2126, month, 1, 9, 5).getTime());
    t.regex(written, /^2126-\d\d-01T09:05:00[+-]\d\d:\d\d$/);
    t.not(zone, "");
  }
  t.deepEqual([60, 0, -210, 345].map(offsetText), ["+01:00", "+00:00", "-03:30", "+05:45"]);
});

test("a time without a date is today", (t) => {
  const now = new Date();
  const later = new Date(now.getFullYear(), now.getMonth(), now.getDate(), 23, 59);
  if (later > now) t.is(new Date(momentFrom("23:59").text).getTime(), later.getTime());
  t.regex(refusal("00:00"), /this one has passed/);
  t.regex(refusal("25:00"), /^expected a time in the future|there is no such time/);
});

test("a time that cannot be meant is refused with an example", (t) => {
  t.regex(
    refusal("2020-01-01 09:00"),
    /expected a time in the future such as .* \(this one has passed\)/,
  );
  t.regex(refusal("2126-06-31 09:00"), /there is no such time/);
  for (const text of [
    "tomorrow",
    "",
    "2126-12-01",
    "2126-12-01 9:00",
    "2126-12-01 25:00",
    "01.12.2126 09:00",
  ])
    t.regex(refusal(text), /^expected a time in the future such as "2026-12-01 09:00"/, text);
});
