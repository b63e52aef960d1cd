// The word of the teacher to everybody.

import { send } from "./actions.js";
import { $, setText, timeText, view } from "./words.js";

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

$("#announce").addEventListener("click", () => $("#announcing").showModal());
$("#announcing-form").addEventListener("submit", async () => {
  const said = { text: $("#announcing-text").value, until: nextTime($("#announcing-until").value) };
  const isSaid = await send("announce", said, "Everybody reads it within 15 seconds.");
  // Not what was typed while the hub was asked.
  if (isSaid && $("#announcing-text").value === said.text) $("#announcing-form").reset();
});
$("#withdraw").addEventListener("click", () => void send("announce", { text: null, until: null }, "The announcement is withdrawn."));
