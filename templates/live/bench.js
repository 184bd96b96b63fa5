// One bench: the app at one side, the packets that it causes at the other, as they happen.
import { ask, count, how, make } from "/live/elements.js";
import { Ladder } from "/live/ladder.js";
import { List } from "/live/list.js";
import { show } from "/live/packet.js";
import { exchanges, findings, last } from "/live/sums.js";
import { terminal } from "/live/terminal.js";

const name = decodeURIComponent(location.pathname.split("/").pop());
const by = (id) => document.getElementById(id);
const lab = await ask("/lab.json");
const bench = lab.benches.find((one) => one.name === name);
const names = new Map([...lab.layers, ...lab.causes].map((one) => [one.class, one.name]));
const address = `http://${location.hostname}:${bench.port}/`;

document.title = `${bench.title}: wirelab live`;
by("title").textContent = bench.title;
by("how").textContent = how(lab.wire);
by("legend").append(...lab.layers.map((layer) => make("li", {}, make("span", { class: `key k-${layer.class}` }), layer.name)));
by("capture").href = `/bench/${name}/capture.pcap`;
by("report").href = `/bench/${name}/report.html`;

// The client: the app's own page in a frame, a terminal, or the address that stands for a server.
let frame = null;
const client = by("client");
client.append(make("h2", {}, bench.title), make("p", {}, bench.hint));
if (!bench.has_page) {
  terminal(client, name, `nc ${location.hostname} ${bench.port}`);
} else if (bench.app) {
  frame = make("iframe", { src: address, title: `${bench.title}, the app itself` });
  client.append(frame, make("p", { class: "quiet" }, make("a", { href: address, target: "_blank", rel: "noopener" }, address), " is the same page in a tab of its own."));
} else {
  client.append(make("p", {}, "Open ", make("a", { href: address, target: "_blank", rel: "noopener" }, address), " instead of it, or let a program connect to ",
    make("code", {}, `${location.hostname}:${bench.port}`), "."));
}
for (const one of document.querySelectorAll(".of-app")) one.hidden = !bench.app;

// Packets: each is a row, shown in the ladder and in the list.
let chosen = null;
const choose = async (number) => {
  chosen = number;
  for (const view of [ladder, list]) view.mark(number);
  try {
    const packet = await ask(`/bench/${name}/packet/${number}`);
    if (chosen === number) show(by("packet"), packet, names);
  } catch (error) {
    by("packet").replaceChildren(make("p", { class: "quiet" }, error.message));
  }
};
const ladder = new Ladder(by("ladder"), lab.ladder, choose);
const list = new List(by("list"), choose);

let waiting = [];
let paused = false;
let seen = 0;
const put = (rows) => {
  ladder.add(rows);
  list.add(rows);
  seen += rows.length;
  tell();
};
const tell = () => {
  by("count").textContent = `${count(seen, "packet")}${paused && waiting.length > 0 ? `, ${waiting.length.toLocaleString("en")} wait` : ""}`;
  by("step").disabled = !paused || waiting.length === 0;
};
const forget = () => {
  waiting = [];
  seen = 0;
  ladder.clear();
  list.clear();
  by("packet").replaceChildren(make("p", { class: "quiet" }, "Choose a packet to see its bytes and fields."));
  tell();
};

by("pause").addEventListener("click", () => {
  paused = !paused;
  by("pause").setAttribute("aria-pressed", paused);
  by("pause").textContent = paused ? "Go on" : "Pause";
  if (!paused) put(waiting.splice(0));
  tell();
});
by("step").addEventListener("click", () => put(waiting.splice(0, 1)));
by("clear").addEventListener("click", () => ask(`/bench/${name}/clear`, { method: "POST" }));
by("view").addEventListener("click", () => {
  const isList = by("list").hidden;
  by("list").hidden = !isList;
  by("ladder").hidden = isList;
  by("view").textContent = isList ? "Ladder" : "List";
  const pane = by(isList ? "list" : "ladder");
  pane.scrollTop = pane.scrollHeight;
});

// Settings hold from the next connection on: the page in the frame makes one.
const form = by("settings");
let edited = false;
form.addEventListener("input", () => { edited = true; });
const fill = ({ rtt_ms, loss, style, interval_s }) => {
  if (edited) return;
  form.rtt.value = rtt_ms;
  form.loss.value = Number((loss * 100).toPrecision(6));
  form.elements.style.value = style;
  form.interval.value = interval_s;
};
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const wanted = { rtt_ms: Number(form.rtt.value), loss: Number(form.loss.value) / 100, style: form.elements.style.value, interval_s: Number(form.interval.value) };
  try {
    await ask(`/bench/${name}/settings`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(wanted) });
    edited = false;
    by("set").textContent = "Set.";
    // What is at the same place again is loaded again, once the server has ended what it had.
    if (frame) setTimeout(() => { frame.src = address; }, 150);
  } catch (error) {
    by("set").textContent = error.message;
  }
});

// The latest update, or what comes nearest to one.
const newest = (state) => state.exchanges.findLast((one) => one.kind === "update") ?? state.exchanges.findLast((one) => !["setup", "close", "control"].includes(one.kind));

const events = new EventSource(`/bench/${name}/events?from=0`);
events.addEventListener("begins", forget);
events.addEventListener("rows", (event) => {
  const { rows } = JSON.parse(event.data);
  if (paused) waiting.push(...rows);
  else put(rows);
  tell();
});
events.addEventListener("state", (event) => {
  const state = JSON.parse(event.data);
  fill(state.settings);
  ladder.name(state.exchanges);
  last(by("last"), newest(state), names, choose);
  exchanges(by("exchanges"), state, names, choose);
  findings(by("findings"), state.findings, choose);
  by("trouble").hidden = !state.trouble;
  by("trouble").textContent = state.trouble ? `${bench.title} was not reached: ${state.trouble}` : "";
  by("lacks").hidden = state.cut + state.left_out === 0;
  if (state.cut + state.left_out > 0) {
    by("lacks").textContent = `Of ${count(state.cut, "packet")} of large transfers the headers were kept; ${count(state.left_out, "packet")} found no room in the capture. All are counted.`;
  }
});
