"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const all = (selector, from) => Array.from((from || document).querySelectorAll(selector));
  const status = document.getElementById("status");
  const say = (text) => { status.textContent = text; };

  // Going to a place: unfold what it is in, mark it, give it the focus.
  const unfold = (element) => {
    for (let at = element; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  };
  const go = (id) => {
    let place = document.getElementById(id);
    if (!place) {
      const packet = /^(.*?)-[ux]\d+-(p\d+)$/.exec(id);
      if (packet) place = document.getElementById(packet[1] + "-" + packet[2]);
    }
    if (!place) return;
    all(".target").forEach((old) => old.classList.remove("target"));
    unfold(place);
    if (place.matches("details,tr")) place.classList.add("target");
    const focus = place.matches("details") ? place.querySelector("summary") : place.querySelector("a");
    place.scrollIntoView({ block: place.matches("section") ? "start" : "nearest" });
    if (focus && place.matches("details,tr")) focus.focus({ preventScroll: true });
  };
  const arrive = () => { if (location.hash.length > 1) go(decodeURIComponent(location.hash.slice(1))); };
  addEventListener("hashchange", arrive);
  // The browser's own way to the fragment comes after this script and takes the focus away.
  addEventListener("load", arrive);
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[href^='#']");
    if (link && link.getAttribute("href") === location.hash) arrive();
  });

  // Packets: from one to the next by key.
  const step = (from, to) => {
    if (!to) return;
    if (from && from !== to) from.open = false;
    unfold(to);
    to.querySelector("summary").focus();
    to.scrollIntoView({ block: "nearest" });
    history.replaceState(null, "", "#" + to.id);
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input,textarea,select")) return;
    let here = document.activeElement.closest && document.activeElement.closest(".p");
    const letter = event.key === "j" || event.key === "k";
    if (!here && letter) here = document.querySelector(".p.target");
    if (!here && !letter) return;
    const list = here ? here.parentElement : document.querySelector("details[open]>.packets") || document.querySelector(".packets");
    if (!list) return;
    const packets = all(".p", list);
    const at = packets.indexOf(here);
    const summary = document.activeElement.tagName === "SUMMARY";
    let to;
    if (event.key === "j" || (event.key === "ArrowDown" && summary)) to = packets[at + 1];
    else if (event.key === "k" || (event.key === "ArrowUp" && summary)) to = at < 0 ? packets[packets.length - 1] : packets[at - 1];
    else if (event.key === "Home" && summary) to = packets[0];
    else if (event.key === "End" && summary) to = packets[packets.length - 1];
    else return;
    event.preventDefault();
    step(here, to);
  });

  // Bytes: an element each, once their packet is opened.
  const split = (packet) => {
    if (packet.dataset.split) return;
    packet.dataset.split = "1";
    let at = 0;
    for (const run of all(".h i", packet)) {
      const parts = run.textContent.split(/(\s)/);
      run.textContent = "";
      for (const part of parts) {
        if (/^[0-9a-f]{2}$/.test(part)) {
          const byte = document.createElement("b");
          byte.textContent = part;
          byte.dataset.n = at++;
          run.append(byte);
        } else run.append(part);
      }
    }
    at = 0;
    for (const run of all(".a i", packet)) {
      const text = run.textContent;
      run.textContent = "";
      for (const letter of text) {
        if (letter === "\n") { run.append(letter); continue; }
        const byte = document.createElement("b");
        byte.textContent = letter;
        byte.dataset.n = at++;
        run.append(byte);
      }
    }
  };
  document.addEventListener("toggle", (event) => {
    if (event.target.matches(".p") && event.target.open) split(event.target);
  }, true);
  const range = (field) => field.dataset.r.split("+").map(Number);
  const clear = (packet) => all(".on", packet).forEach((old) => old.classList.remove("on"));
  const mark = (packet, from, len) => {
    for (const byte of all("b[data-n]", packet)) {
      const n = Number(byte.dataset.n);
      if (n >= from && n < from + len) byte.classList.add("on");
    }
  };
  document.addEventListener("pointerover", (event) => {
    const packet = event.target.closest(".p[open]");
    if (!packet) return;
    const field = event.target.closest("[data-r]");
    const byte = event.target.closest("b[data-n]");
    if (!field && !byte) return;
    clear(packet);
    if (field) {
      field.classList.add("on");
      mark(packet, ...range(field));
      return;
    }
    const n = Number(byte.dataset.n);
    let best = null;
    for (const other of all("[data-r]", packet)) {
      const [from, len] = range(other);
      if (n >= from && n < from + len && (!best || len <= range(best)[1])) best = other;
    }
    if (best) { best.classList.add("on"); mark(packet, ...range(best)); }
  });

  // Copying and saving.
  const copy = async (text, what) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    say(what + " copied");
  };
  const button = (label, act) => {
    const element = document.createElement("button");
    element.type = "button";
    element.textContent = label;
    element.addEventListener("click", () => act(element));
    return element;
  };
  const done = (element) => {
    const label = element.textContent;
    element.textContent = "Copied";
    setTimeout(() => { element.textContent = label; }, 1200);
  };
  for (const place of all(".copy")) {
    const text = place.querySelector("code").textContent;
    const element = button("Copy", (self) => { copy(text, "Filter").then(() => done(self)); });
    element.setAttribute("aria-label", "Copy " + text);
    place.append(element);
  }
  const cell = (element) => {
    const value = element.querySelector("[data-v]");
    if (value) return value.dataset.v;
    const first = element.querySelector("a") || element;
    return first.textContent.trim().replace(/\u202f/g, " ");
  };
  const read = (table) => all("thead tr,tbody tr", table).map((row) => all("th,td", row).map(cell));
  const forms = {
    Markdown: (rows) => {
      const line = (cells) => "| " + cells.map((text) => text.replace(/\|/g, "\\|")).join(" | ") + " |";
      return [line(rows[0]), line(rows[0].map((_, at) => (at ? "---:" : "---"))), ...rows.slice(1).map(line)].join("\n") + "\n";
    },
    CSV: (rows) => rows.map((cells) => cells.map((text) => (/[",\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text)).join(",")).join("\r\n") + "\r\n",
    JSON: (rows) => JSON.stringify(rows.slice(1).map((cells) => Object.fromEntries(cells.map((text, at) => [rows[0][at] + (rows[0].indexOf(rows[0][at]) < at ? " " + at : ""), /^\d+$/.test(text) ? Number(text) : text]))), null, 2) + "\n",
  };
  for (const tools of all(".tools")) {
    const table = document.getElementById(tools.dataset.table);
    for (const [name, form] of Object.entries(forms)) {
      tools.append(button("Copy as " + name, (self) => { copy(form(read(table)), "Table").then(() => done(self)); }));
    }
  }

  // The calculator.
  const clients = document.getElementById("calc-clients");
  const interval = document.getElementById("calc-interval");
  const significant = (value) => (value === 0 ? "0" : Number(value.toPrecision(3)).toString());
  const grouped = (value) => {
    const digits = Math.round(value).toString();
    return digits.length > 4 && /^\d+$/.test(digits) ? digits.replace(/\B(?=(\d{3})+$)/g, "\u202f") : digits;
  };
  const bits = (value) => {
    for (const [size, unit] of [[1e12, "Tbit/s"], [1e9, "Gbit/s"], [1e6, "Mbit/s"], [1e3, "kbit/s"]]) {
      if (value >= size) return significant(value / size) + " " + unit;
    }
    return significant(value) + " bit/s";
  };
  const calculate = () => {
    const rate = Number(clients.value) / Number(interval.value);
    if (!(rate > 0 && Number.isFinite(rate))) return;
    for (const row of all("#t-calculator tbody tr")) {
      const cells = all("td", row);
      const packets = Number(row.dataset.packets) * rate;
      cells[0].textContent = packets < 10 ? significant(packets) : grouped(packets);
      cells[1].textContent = bits(Number(row.dataset.frame) * 8 * rate);
      cells[2].textContent = bits(Number(row.dataset.app) * 8 * rate);
    }
  };
  if (clients) for (const input of [clients, interval]) input.addEventListener("input", calculate);

  // On paper everything is unfolded.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details:not([open])");
    folded.forEach((part) => { part.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach((part) => { part.open = false; }));
})();
