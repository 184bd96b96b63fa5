// How are elements made? What comes from the network goes in as text, here and nowhere else.

/** An element with attributes and children; a child that is no element is text. */
export function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for pictures. */
export function draw(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

/** Seconds as people say them. */
export function duration(seconds) {
  if (seconds >= 100) return `${Math.round(seconds)} s`;
  if (seconds >= 1) return `${seconds.toFixed(1)} s`;
  return milliseconds(seconds * 1000);
}

/** Milliseconds with three digits that mean something. */
export function milliseconds(ms) {
  if (ms >= 1000) return duration(ms / 1000);
  if (ms >= 1) return `${Number(ms.toPrecision(3))} ms`;
  return `${Math.round(ms * 1000)} µs`;
}

/** A number with its noun. */
export function count(value, noun) {
  return `${value.toLocaleString("en")} ${noun}${value === 1 ? "" : "s"}`;
}

/** A bar of parts [class, amount], each as wide as its share of `whole`. */
export function bar(parts, whole, names, unit) {
  const strip = make("div", { class: "strip", role: "img", "aria-label": parts.map(([kind, amount]) => `${names.get(kind) ?? kind} ${unit(amount)}`).join(", ") });
  for (const [kind, amount] of parts) {
    const part = make("span", { class: `k-${kind}`, title: `${names.get(kind) ?? kind}: ${unit(amount)}` });
    part.style.width = `${whole > 0 ? (amount / whole) * 100 : 0}%`;
    strip.append(part);
  }
  return strip;
}

/** Asks the lab for JSON. */
export async function ask(url, options) {
  const answer = await fetch(url, options);
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer.status === 204 ? null : answer.json();
}

/** How the packets come to be, in a sentence. */
export function how(wire) {
  const bound = wire === "virtual" ? " Its window of 64 KiB bounds a connection to 2.6 MB/s at a round trip of 25 ms." : "";
  return `What the browser says is real; it travels between two hosts of the lab's ${wire} wire, and these are that wire's packets, stamped at the server.${bound}`;
}
