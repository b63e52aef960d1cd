// The word of the teacher to everybody.

import { say } from "./actions.js";
import { $, setText, timeText, view } from "./words.js";

const { xsrf } = document.documentElement.dataset;

export const drawAnnouncement = () => {
  const said = view.state.announcement;
  $("#announcement").hidden = !said;
  if (!said) return;
  const end = said.until ? ` (until ${timeText(said.until)})` : "";
  setText($("#announcement p"), `${said.text}${end}`);
};

/** The next time with these hours and minutes, with its offset; null for an empty field. */
const nextTime = (text) => {
  if (!text) return null;
  const [hours, minutes] = text.split(":");
  const time = new Date();
  time.setHours(Number(hours), Number(minutes), 0, 0);
  if (time <= new Date()) time.setDate(time.getDate() + 1);
  return time.toISOString();
};

const send = async (text, until, done) => {
  const response = await fetch("announce", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-XSRFToken": xsrf },
    body: JSON.stringify({ text, until }),
  }).catch(() => undefined);
  if (response?.ok) return say(done);
  const answer = await response?.json().catch(() => undefined);
  return say(answer?.message ?? "The page cannot reach the hub. Please try again.");
};

$("#announce").addEventListener("click", () => $("#announcing").showModal());
$("#announcing-form").addEventListener("submit", () => {
  void send($("#announcing-text").value, nextTime($("#announcing-until").value), "Everybody reads it within 15 seconds.");
  $("#announcing-form").reset();
});
$("#withdraw").addEventListener("click", () => void send(null, null, "The announcement is withdrawn."));
