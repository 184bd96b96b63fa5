// The list: a line a packet.
import { make } from "/live/elements.js";

/** So many lines are kept; older packets are in the capture. */
const MOST = 2000;

export class List {
  constructor(pane, choose) {
    this.choose = choose;
    this.body = make("tbody");
    const heads = ["No.", "time, s", "", "protocol", "frame", "what"].map((head) => make("th", { scope: "col" }, head));
    pane.append(make("table", { class: "lines" }, make("thead", {}, make("tr", {}, ...heads)), this.body));
    this.pane = pane;
  }

  clear() {
    this.body.replaceChildren();
  }

  add(rows) {
    const atEnd = this.pane.scrollHeight - this.pane.scrollTop - this.pane.clientHeight < 60;
    this.body.append(...rows.slice(-MOST).map((row) => this.line(row)));
    for (let more = this.body.childElementCount - MOST; more > 0; more--) this.body.firstChild.remove();
    if (atEnd) this.pane.scrollTop = this.pane.scrollHeight;
  }

  line(row) {
    const open = make("button", { "aria-label": `Packet ${row.number}` }, row.number);
    open.addEventListener("click", () => this.choose(row.number));
    const who = row.up ? "→" : "←";
    return make("tr", { class: `${row.up ? "c" : "s"} ${row.app > 0 ? "" : "quiet"}`, "data-number": row.number }, make("td", {}, open), make("td", {}, row.time_s.toFixed(6)),
      make("td", { class: "who", "aria-label": row.up ? "from the client" : "from the server" }, who), make("td", {}, row.protocol), make("td", {}, row.frame), make("td", {}, row.words));
  }

  mark(number) {
    for (const line of this.body.children) line.classList.toggle("on", Number(line.dataset.number) === number);
  }
}
