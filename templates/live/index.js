// The first page: a card for each app, and what an update of it has cost so far.
import { ask, how, make, milliseconds } from "/live/elements.js";

const lab = await ask("/lab.json");
document.getElementById("how").textContent = how(lab.wire);
const costs = new Map();
const rows = new Map();
for (const bench of lab.benches) {
  const cost = make("p", { class: "quiet" }, "No update yet.");
  costs.set(bench.name, cost);
  document.getElementById("cards").append(make("article", { class: "card" }, make("h2", {}, make("a", { href: `/bench/${bench.name}` }, bench.title)),
    make("p", {}, bench.help ? `${bench.help}. ${bench.hint}` : bench.hint), cost));
  const cells = Array.from({ length: 7 }, () => make("td"));
  rows.set(bench.name, cells);
  document.getElementById("rows").append(make("tr", {}, make("th", { scope: "row" }, bench.title), ...cells));
}

document.getElementById("visiting").hidden = !lab.can_visit;
document.getElementById("visit").addEventListener("click", async () => {
  const said = document.getElementById("visited");
  try {
    await ask("/visit", { method: "POST" });
    said.textContent = "It is under way; a row fills as soon as its app has an update.";
  } catch (error) {
    said.textContent = error.message;
  }
});

const events = new EventSource("/events");
events.addEventListener("update", (event) => {
  const { name, update } = JSON.parse(event.data);
  const cells = rows.get(name);
  if (!cells) return;
  const tally = update?.tally;
  const numbers = [update?.count, tally?.packets, tally?.frame_bytes, tally?.lower_bytes, tally?.tcp_bytes, tally?.app_bytes];
  numbers.forEach((number, at) => { cells[at].textContent = number === undefined ? "" : number.toLocaleString("en"); });
  cells[6].textContent = update?.time ? milliseconds(update.time.total_ms) : "";
  costs.get(name).textContent = tally ? `One update: ${tally.packets} packets, ${tally.frame_bytes} bytes.` : "No update yet.";
});
