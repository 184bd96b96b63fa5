// One packet: its bytes at the left, its fields at the right; pointing at one marks the other.
import { make } from "/live/elements.js";

export function show(place, packet, layers) {
  const bytes = packet.hex.match(/../g) ?? [];
  const offsets = make("pre", { class: "o", "aria-hidden": "true" });
  const hex = make("pre", { class: "h" });
  const text = make("pre", { class: "a" });
  offsets.append(Array.from({ length: Math.ceil(bytes.length / 16) }, (_, line) => (line * 16).toString(16).padStart(4, "0")).join("\n"));
  let at = 0;
  for (const [kind, len] of packet.layers) {
    if (len === 0 || at >= bytes.length) continue;
    const [run, letters] = [make("i", { class: kind, title: layers.get(kind) ?? "" }), make("i", { class: kind })];
    for (const end = Math.min(at + len, bytes.length); at < end; at++) {
      const value = parseInt(bytes[at], 16);
      const after = at + 1 < bytes.length ? (at % 16 === 15 ? "\n" : " ") : "";
      run.append(make("b", { "data-n": at }, bytes[at]), after);
      letters.append(make("b", { "data-n": at }, value >= 32 && value < 127 ? String.fromCharCode(value) : "."), after === "\n" ? "\n" : "");
    }
    hex.append(run);
    text.append(letters);
  }
  const fields = make("div", { class: "fl" });
  let list = null;
  for (const field of packet.fields) {
    const range = { "data-r": field.bytes.join("+") };
    if (field.depth === 0) {
      fields.append(make("p", { class: `g ${field.class}`, ...range }, make("b", {}, field.name), ` ${field.said}`));
      list = null;
    } else {
      if (!list) fields.append((list = make("dl")));
      list.append(make("div", { class: field.depth > 1 ? "s" : null, ...range }, make("dt", {}, field.name), make("dd", {}, field.said)));
    }
  }
  const notes = [];
  if (packet.missing > 0) notes.push(make("p", { class: "quiet" }, `${packet.missing} more bytes on the wire were not kept.`));
  if (packet.more) notes.push(make("p", { class: "quiet" }, `It has more fields: “wirelab show FILE --packet ${packet.number}” lists all.`));
  const inside = make("div", { class: "inside" }, make("div", { class: "hx", tabindex: 0, role: "group", "aria-label": "Bytes" }, offsets, hex, text), fields);
  place.replaceChildren(make("h2", {}, `Packet ${packet.number}`), inside, ...notes);
  inside.addEventListener("pointerover", (event) => point(inside, event.target));
}

function point(inside, target) {
  const field = target.closest("[data-r]");
  const byte = target.closest("b[data-n]");
  if (!field && !byte) return;
  for (const old of inside.querySelectorAll(".on")) old.classList.remove("on");
  const range = (element) => element.dataset.r.split("+").map(Number);
  let best = field;
  if (!best) {
    const at = Number(byte.dataset.n);
    for (const other of inside.querySelectorAll("[data-r]")) {
      const [from, len] = range(other);
      if (at >= from && at < from + len && (!best || len <= range(best)[1])) best = other;
    }
  }
  if (!best) return;
  best.classList.add("on");
  const [from, len] = range(best);
  for (const one of inside.querySelectorAll("b[data-n]")) {
    const at = Number(one.dataset.n);
    if (at >= from && at < from + len) one.classList.add("on");
  }
}
