// What the packets came to: the last update taken apart, the exchanges, what was found.
import { bar, count, make, milliseconds } from "/live/elements.js";

const bytes = (amount) => count(amount, "byte");

/** One exchange taken apart: packets, layers, causes, and the sum that proves it. */
export function last(place, exchange, names, choose) {
  if (!exchange) {
    place.replaceChildren(make("p", { class: "quiet" }, "None yet."));
    return;
  }
  const { tally, time } = exchange;
  const parts = [
    make("p", {}, make("b", {}, exchange.label ? `${exchange.name}, ${exchange.label}` : exchange.name), `: ${count(tally.packets, "packet")}, ${bytes(tally.frame_bytes)}`),
    bar(tally.layers, tally.frame_bytes, names, bytes),
    make("p", { class: "formula" }, `${tally.lower_bytes} + ${tally.tcp_bytes} + ${tally.app_bytes} = ${tally.frame_bytes}`),
    make("p", { class: "quiet" }, "lower + TCP + app = frame bytes"),
  ];
  if (time) {
    parts.push(bar(time.parts, time.total_ms, names, milliseconds),
      make("p", {}, `${milliseconds(time.total_ms)}: `, time.parts.map(([kind, ms]) => `${names.get(kind)} ${milliseconds(ms)}`).join(", ")));
  }
  parts.push(make("p", {}, "Packets ", ...numbers(exchange.packets, choose), "."));
  place.replaceChildren(...parts);
}

/** The exchanges so far, the latest first. */
export function exchanges(place, state, names, choose) {
  const heads = ["exchange", "packets", "frame", "lower", "TCP", "app", "by layer", "waited"].map((head) => make("th", { scope: "col" }, head));
  const most = Math.max(1, ...state.exchanges.map((one) => one.tally.frame_bytes));
  const rows = state.exchanges.toReversed().map((one) => {
    const open = make("button", { "aria-label": `${one.name}: its first packet` }, one.name);
    open.addEventListener("click", () => choose(one.packets[0]));
    const numbers = ["packets", "frame_bytes", "lower_bytes", "tcp_bytes", "app_bytes"].map((column) => make("td", {}, one.tally[column].toLocaleString("en")));
    const layers = make("td", { class: "layers" }, bar(one.tally.layers, most, names, bytes));
    const label = make("span", { class: "quiet" }, one.label ?? "");
    return make("tr", {}, make("th", { scope: "row" }, open, label), ...numbers, layers, make("td", {}, one.time ? milliseconds(one.time.total_ms) : ""));
  });
  const sum = ["packets", "frame_bytes", "lower_bytes", "tcp_bytes", "app_bytes"].map((column) => make("td", {}, state.totals[column].toLocaleString("en")));
  const foot = make("tfoot", {}, make("tr", {}, make("th", { scope: "row" }, "all so far"), ...sum, make("td"), make("td")));
  const left = state.exchanges_in_all - state.exchanges.length;
  const table = make("table", { class: "numbers" }, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows), foot);
  place.replaceChildren(table, ...(left > 0 ? [make("p", { class: "quiet" }, `${left} earlier ones are in the sum and in the report.`)] : []));
}

/** What was found, each with the packets that show it. */
export function findings(place, found, choose) {
  if (found.length === 0) {
    place.replaceChildren(make("p", { class: "quiet" }, "Nothing yet."));
    return;
  }
  place.replaceChildren(...found.map((one) => make("div", { class: "finding" }, make("p", {}, make("b", {}, one.id), ` ${one.text}`),
    ...(one.instead ? [make("p", { class: "quiet" }, one.instead)] : []), make("p", {}, ...numbers(one.packets, choose)))));
}

function numbers(packets, choose) {
  return packets.flatMap((number, at) => {
    const open = make("button", { class: "number", "aria-label": `Packet ${number}` }, number);
    open.addEventListener("click", () => choose(number));
    return at > 0 ? [" ", open] : [open];
  });
}
