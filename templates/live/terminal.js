// A small terminal in netcat's place: what is typed goes to the app as a line, what comes back is shown.
import { make } from "/live/elements.js";

/** So much of a conversation is kept on the screen. */
const MOST = 20000;

export function terminal(place, bench, command) {
  const said = make("pre", { class: "screen", tabindex: 0, role: "log", "aria-live": "polite", "aria-label": "What was said" });
  const input = make("input", { "aria-label": "A line to send", autocomplete: "off", spellcheck: "false", placeholder: "time" });
  const open = make("button", { type: "button" }, "Connect");
  const form = make("form", { class: "typing" }, input, make("button", {}, "Send"), open);
  place.append(said, form, make("p", { class: "quiet" }, "Or with netcat: ", make("code", {}, command)));
  let socket = null;
  const write = (text) => {
    said.textContent = (said.textContent + text).slice(-MOST);
    said.scrollTop = said.scrollHeight;
  };
  const connect = () => {
    socket = new WebSocket(`ws://${location.host}/bench/${bench}/terminal`);
    socket.onmessage = (message) => write(message.data);
    socket.onclose = () => {
      write("(the connection has ended)\n");
      socket = null;
      open.textContent = "Connect";
    };
    open.textContent = "Hang up";
    return socket;
  };
  open.addEventListener("click", () => (socket ? socket.close() : connect()));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const line = `${input.value || "time"}\n`;
    input.value = "";
    write(`> ${line}`);
    if (socket) socket.send(line);
    else connect().addEventListener("open", () => socket?.send(line));
  });
}
