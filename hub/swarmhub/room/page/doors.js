// The doors of the class: who may come in.

import { confirmed, send } from "./actions.js";
import { $, setText, view } from "./words.js";

export const drawDoors = () => {
  const { closed } = view.state;
  $("#closed").hidden = !closed;
  $("#close-doors").disabled = Boolean(closed);
  setText($("#closed p"), closed ?? "");
};

const two = (number) => String(Math.abs(number)).padStart(2, "0");
/** A time of the clock on the wall with its offset: the sentences about it are for people. */
const withOffset = (time) => {
  const minutes = -time.getTimezoneOffset();
  const [whole, rest] = [Math.trunc(minutes / 60), minutes % 60];
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${date}T${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}${minutes < 0 ? "-" : "+"}${two(whole)}:${two(rest)}`;
};

const ends = {
  "": "Servers that run go on.",
  300: "Servers of students stop in 5 minutes. Programs and variables of open notebooks are then lost.",
  600: "Servers of students stop in 10 minutes. Programs and variables of open notebooks are then lost.",
  0: "Servers of students stop now. Programs and variables of open notebooks are lost.",
};

$("#close-doors").addEventListener("click", () => $("#doors").showModal());
$("#doors-form").addEventListener("submit", async () => {
  const [stop, until] = [$("#doors-stop").value, $("#doors-until").value];
  const answer = await confirmed("Close the doors?", `No student comes in. ${ends[stop]}`, "Close the doors", true);
  if (!answer) return;
  const body = {
    closed: true,
    until: until ? withOffset(new Date(until)) : null,
    stopAfter: stop === "" ? null : Number(stop),
    now: withOffset(new Date()),
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    ...answer,
  };
  if (await send("doors", body, "The doors are closed.")) $("#doors-form").reset();
});
$("#open-doors").addEventListener("click", () => void send("doors", { closed: false }, "The doors are open."));
