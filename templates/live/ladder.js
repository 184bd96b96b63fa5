// The ladder: client left, server right, time runs down. Where a packet stands is the lab's to say, as in the report.
import { draw, duration } from "/live/elements.js";

/** So many arrows are kept; older packets are in the list and in the capture. */
const MOST = 400;

export class Ladder {
  constructor(pane, shape, choose) {
    Object.assign(this, { pane, shape, choose, rows: [], y: 0, names: new Map() });
    this.svg = draw("svg", { role: "group", "aria-label": "Packets between client and server" });
    this.lives = [shape.client, shape.server].map((x) => draw("line", { class: "life", x1: x, x2: x }));
    this.heads = [["client", shape.client], ["server", shape.server]].map(([who, x]) => draw("text", { class: "mid strong", x }, who));
    this.brackets = draw("g");
    this.arrows = draw("g");
    this.svg.append(...this.lives, ...this.heads, this.brackets, this.arrows);
    pane.append(this.svg);
    this.clear();
  }

  clear() {
    this.rows = [];
    this.y = 0;
    this.arrows.replaceChildren();
    this.brackets.replaceChildren();
    this.fit();
  }

  add(rows) {
    const atEnd = this.pane.scrollHeight - this.pane.scrollTop - this.pane.clientHeight < 60;
    for (const row of rows.slice(-MOST)) {
      const before = this.rows.at(-1);
      const at = { row, y: this.y + row.down, slant: row.slant };
      at.group = this.arrow(at, before);
      this.y = at.y;
      this.rows.push(at);
      this.arrows.append(at.group);
    }
    for (const old of this.rows.splice(0, Math.max(0, this.rows.length - MOST))) old.group.remove();
    this.bracket();
    this.fit();
    if (atEnd) this.pane.scrollTop = this.pane.scrollHeight;
  }

  arrow({ row, y, slant }, before) {
    const { client, server } = this.shape;
    const [x1, y1, x2, y2] = row.up ? [client, y - slant, server, y] : [server, y, client, y + slant];
    const kind = `arrow ${row.weight} ${row.up ? "up" : "down"}`;
    const back = x2 > x1 ? -10 : 10;
    const lean = ((y2 - y1) / (x2 - x1)) * back;
    const other = before && before.row.connection !== row.connection ? ` (connection ${row.connection})` : "";
    const label = draw("text", { class: row.up ? "" : "end", x: x1 + (row.up ? 16 : -16), y: y1 - 4 },
      draw("tspan", { class: row.app > 0 ? "said" : "quiet" }, row.words + other), draw("tspan", { class: "quiet small", dx: 8 }, row.size));
    const number = draw("text", { class: `quiet tiny${row.up ? " end" : ""}`, x: row.up ? client - 10 : server + 10, y: y1 + 4 }, row.number);
    const group = draw("g", { class: "rung", tabindex: 0, role: "button", "data-number": row.number });
    if (row.silence !== null) {
      const fold = (before ? (before.row.up ? before.y : before.y + before.slant) : y - 48) + 14;
      const [left, right] = [client - 8, server - 8];
      group.append(draw("path", { class: "fold", d: `M${left} ${fold}h16m0 5h-16M${right} ${fold}h16m0 5h-16` }),
        draw("text", { class: "mid quiet small", x: (client + server) / 2, y: fold + 6 }, `${duration(row.silence)} of silence`));
    }
    group.append(draw("line", { class: "hit", x1, y1, x2, y2 }), draw("line", { class: kind, x1, y1, x2, y2 }),
      draw("path", { class: `head ${kind}`, d: `M${x2} ${y2}L${x2 + back} ${y2 + lean - 4.5}L${x2 + back} ${y2 + lean + 4.5}Z` }), label, number);
    group.addEventListener("click", () => this.choose(row.number));
    group.addEventListener("keydown", (event) => {
      const next = { ArrowDown: group.nextSibling, j: group.nextSibling, ArrowUp: group.previousSibling, k: group.previousSibling }[event.key];
      if (event.key === "Enter" || event.key === " ") this.choose(row.number);
      else if (next) next.focus();
      else return;
      event.preventDefault();
    });
    return group;
  }

  /** What the exchanges are called, by their order. */
  name(exchanges) {
    for (const exchange of exchanges) this.names.set(exchange.order, exchange.name);
    this.bracket();
  }

  bracket() {
    const runs = [];
    for (const { row, y } of this.rows) {
      const last = runs.at(-1);
      if (row.exchange === null) continue;
      if (last && last.exchange === row.exchange) last.to = y;
      else runs.push({ exchange: row.exchange, from: y, to: y });
    }
    const x = this.shape.server + 40;
    this.brackets.replaceChildren(...runs.filter(({ exchange }) => this.names.has(exchange)).flatMap(({ exchange, from, to }) => [
      draw("path", { class: "bracket", d: `M${x} ${from - 12}h6V${to + 8}h-6` }),
      draw("text", { class: "small strong", x: x + 12, y: (from + to) / 2 + 2 }, this.names.get(exchange)),
    ]));
  }

  fit() {
    const first = this.rows[0];
    const top = first ? Math.max(0, first.y - 74) : 0;
    const height = Math.max(160, this.y + 56 - top);
    this.svg.setAttribute("viewBox", `0 ${top} ${this.shape.width} ${height}`);
    for (const line of this.lives) {
      line.setAttribute("y1", top + 26);
      line.setAttribute("y2", top + height - 4);
    }
    for (const head of this.heads) head.setAttribute("y", top + 16);
  }

  mark(number) {
    for (const { group, row } of this.rows) group.classList.toggle("on", row.number === number);
  }
}
