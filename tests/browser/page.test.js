// The page in a real browser: every link resolves, sums are right, keys and buttons work, nothing leaves the page.
"use strict";
const assert = require("node:assert");
const { test, before, after } = require("node:test");
const { readFileSync, readdirSync, statSync } = require("node:fs");
const { dirname } = require("node:path");
const { chromium } = require("playwright-core");

const PAGE = process.env.PAGE;
const LARGE = process.env.LARGE;
let browser;

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
  });
});
after(() => browser.close());

/** Opens a page and notes what must not be: requests, errors, violations of its policy. */
async function open(file, options = {}, hash = "") {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, permissions: ["clipboard-read", "clipboard-write"], ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") wrong.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith("data:") && url.split("#")[0] !== `file://${file}`) wrong.push(`request: ${url}`);
  });
  await page.goto(`file://${file}${hash}`);
  return { page, wrong, close: () => context.close() };
}

const number = (text) => Number(text.replace(/[\s\u202f]/g, "").replace("\u2212", "-"));

test("every cell of the tables leads to the packets that make it up", async () => {
  const { page, wrong, close } = await open(PAGE);
  const cells = await page.$$eval(".table td a", (links) => links.map((link) => ({
    column: link.dataset.column, value: Number(link.dataset.v), href: link.getAttribute("href"),
  })));
  assert.ok(cells.length >= 60, `${cells.length} cells`);
  for (const { column, value, href } of cells) {
    const proof = await page.$eval(href, (panel) => ({
      rows: Array.from(panel.querySelectorAll("tbody tr"), (row) => ({
        packets: row.querySelectorAll("th").length,
        cells: Array.from(row.querySelectorAll("td:not(.said)"), (cell) => cell.textContent),
      })),
      heads: Array.from(panel.querySelectorAll("thead th:not(.said)"), (cell) => cell.textContent.trim()).slice(1),
      sums: Array.from(panel.querySelectorAll("tfoot td:not(.said)"), (cell) => cell.textContent),
    }));
    const sum = (name) => {
      const at = proof.heads.indexOf(name);
      return at < 0 ? 0 : proof.rows.reduce((total, row) => total + number(row.cells[at]), 0);
    };
    // Every column of the panel adds up to its sum line.
    proof.heads.forEach((name, at) => assert.equal(sum(name), number(proof.sums[at]), `${href} ${name}`));
    const app = ["request head", "response head", "framing", "content", "sent again"].reduce((total, name) => total + sum(name), 0);
    const packets = proof.heads.includes("Packets") ? sum("Packets") : proof.rows.length;
    const found = { total_packets: packets, frame_bytes: sum("Frame"), lower_bytes: sum("link and IP"), tcp_bytes: sum("TCP"), app_bytes: app }[column];
    if (found !== undefined) assert.equal(found, value, `${href} ${column}`);
    assert.equal(sum("link and IP") + sum("TCP") + app, sum("Frame"), href);
  }
  assert.deepEqual(wrong, []);
  await close();
});

test("every link within the page resolves", async () => {
  const { page, close } = await open(PAGE);
  const lost = await page.$$eval("a[href^='#']", (links) => links.map((link) => link.getAttribute("href")).filter((href) => !document.getElementById(href.slice(1))));
  assert.deepEqual(lost, []);
  await close();
});

test("a permalink unfolds its place", async () => {
  for (const hash of ["#ws", "#ws-u2", "#ws-sum", "#why-mask"]) {
    const { page, close } = await open(PAGE, {}, hash);
    assert.ok(await page.locator(hash).isVisible(), hash);
    await close();
  }
  const { page, wrong, close } = await open(PAGE);
  const packet = await page.$eval("#ws-u2 tbody a", (link) => link.textContent);
  await page.goto(`file://${PAGE}#ws-u2-p${packet}`);
  assert.ok(await page.locator(`#ws-u2-p${packet}`).isVisible());
  await page.goto(`file://${PAGE}#ws-p${packet}`);
  assert.ok(await page.locator(`#ws-p${packet} .hx`).isVisible());
  assert.deepEqual(wrong, []);
  await close();
});

test("the keyboard walks through all packets of a capture", async () => {
  const { page, wrong, close } = await open(PAGE, {}, "#ws-p1");
  const count = await page.$$eval("#ws .p", (packets) => packets.length);
  assert.ok(count > 20);
  for (let at = 2; at <= count; at++) {
    await page.keyboard.press(at % 2 ? "j" : "ArrowDown");
    assert.equal(await page.evaluate(() => location.hash), `#ws-p${at}`);
    assert.equal(await page.evaluate(() => document.activeElement.closest(".p").id), `ws-p${at}`);
  }
  await page.keyboard.press("k");
  assert.equal(await page.evaluate(() => location.hash), `#ws-p${count - 1}`);
  await page.keyboard.press("Home");
  assert.equal(await page.evaluate(() => location.hash), "#ws-p1");
  await page.keyboard.press("Enter");
  assert.ok(!(await page.locator("#ws-p1 .hx").isVisible()));
  await page.keyboard.press("Enter");
  assert.ok(await page.locator("#ws-p1 .hx").isVisible());
  assert.deepEqual(wrong, []);
  await close();
});

test("a field marks its bytes, and a byte its field", async () => {
  const { page, wrong, close } = await open(PAGE);
  const packet = await page.$eval("#ws-u2 tbody a", (link) => link.getAttribute("href"));
  await page.goto(`file://${PAGE}${packet}`);
  await page.locator(`${packet} [data-r="0+6"]`).hover();
  assert.equal(await page.locator(`${packet} .h b.on`).count(), 6);
  assert.equal(await page.locator(`${packet} .a b.on`).count(), 6);
  await page.locator(`${packet} .h b[data-n="13"]`).hover();
  assert.equal(await page.locator(`${packet} .fl .on dt`).textContent(), "Type");
  const bytes = await page.locator(`${packet} .h b`).count();
  assert.equal(bytes, number(await page.locator(`${packet} summary span`).last().textContent()));
  assert.deepEqual(wrong, []);
  await close();
});

test("the buttons copy filters and tables", async () => {
  const { page, wrong, close } = await open(PAGE);
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  const filter = page.locator("#learn .filters .copy").first();
  await filter.locator("button").click();
  assert.equal(await copied(), await filter.locator("code").textContent());
  const tools = page.locator("[data-table='t-per_update']");
  await tools.getByText("Copy as CSV").click();
  const lines = (await copied()).trim().split("\r\n");
  assert.equal(lines.length, 6);
  assert.equal(lines[0], "One update with,Total packets,App packets,Frame bytes,Lower bytes,TCP bytes,App bytes,Useful");
  assert.match(lines[5], /^WebSocket,3,2,234,102,96,36,/);
  await tools.getByText("Copy as JSON").click();
  assert.equal(JSON.parse(await copied())[4]["Frame bytes"], 234);
  await tools.getByText("Copy as Markdown").click();
  assert.match(await copied(), /^\| One update with \|/);
  assert.deepEqual(wrong, []);
  await close();
});

test("the files in the page are whole", async () => {
  const { page, close } = await open(PAGE);
  const files = await page.$$eval("a[download]", (links) => links.map((link) => [link.download, link.href]));
  const names = files.map(([name]) => name);
  const beside = readdirSync(dirname(PAGE)).filter((name) => name !== "index.html");
  assert.ok(beside.length > 2);
  for (const name of [...beside, "wsapp.pcap"]) assert.ok(names.includes(name), name);
  for (const [name, href] of files) {
    const bytes = Buffer.from(href.split(",")[1], "base64");
    if (name.endsWith(".json")) assert.equal(JSON.parse(bytes).schema, "wirelab/1");
    if (name.endsWith(".pcap")) assert.equal(bytes.readUInt32LE(0), 0xa1b2c3d4);
  }
  await close();
});

test("the calculator follows its inputs", async () => {
  const { page, wrong, close } = await open(PAGE);
  await page.fill("#calc-clients", "1000");
  await page.fill("#calc-interval", "10");
  const [frame, text] = await page.$eval("#t-calculator tbody tr", (row) => [Number(row.dataset.frame), row.querySelectorAll("td")[1].textContent]);
  assert.equal(text, `${Number(((frame * 8 * 100) / 1000).toPrecision(3))} kbit/s`);
  assert.deepEqual(wrong, []);
  await close();
});

test("without scripts everything is there", async () => {
  const { page, close } = await open(PAGE, { javaScriptEnabled: false });
  assert.ok(await page.locator("#answer .wide svg").isVisible());
  assert.ok(await page.locator("#t-per_update").isVisible());
  await page.locator("#ws > .packetlist > summary").click();
  await page.locator("#ws .p > summary").first().click();
  assert.ok(await page.locator("#ws .p .hx").first().isVisible());
  await close();
});

for (const [name, options] of [
  ["light", {}],
  ["dark", { colorScheme: "dark" }],
  ["on a phone", { viewport: { width: 390, height: 844 } }],
]) {
  test(`axe finds no violation, ${name}`, async () => {
    const { page, wrong, close } = await open(PAGE, { ...options, bypassCSP: true });
    await page.evaluate(() => document.querySelectorAll(".part,.proof,.explain,.questions details,section>details").forEach((part) => { part.open = true; }));
    await page.evaluate(() => document.querySelectorAll(".packets").forEach((list) => list.querySelectorAll(".p").forEach((packet, at) => { packet.open = at === 3; })));
    await page.evaluate(readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
    const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
    const said = found.violations.map((violation) => `${violation.id}: ${violation.help} (${violation.nodes.length}) ${violation.nodes[0].html.slice(0, 160)}`);
    assert.deepEqual(said, []);
    assert.deepEqual(wrong, []);
    await close();
  });
}

test("nothing is wider than the screen of a phone", async () => {
  const { page, close } = await open(PAGE, { viewport: { width: 390, height: 844 } });
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 390);
  await close();
});

test("the page is valid HTML", async () => {
  const { HtmlValidate } = require("html-validate");
  const config = JSON.parse(readFileSync(`${__dirname}/htmlvalidate.json`, "utf8"));
  const report = await new HtmlValidate(config).validateFile(PAGE);
  const said = report.results.flatMap((result) => result.messages).filter((message) => message.severity === 2)
    .map((message) => `${message.line}:${message.column} ${message.ruleId}: ${message.message}`);
  assert.deepEqual(said.slice(0, 10), []);
});

test("the page is small and opens at once", async () => {
  assert.ok(statSync(PAGE).size < 1_000_000, `${statSync(PAGE).size} bytes`);
  const times = [];
  for (let at = 0; at < 5; at++) {
    const { page, close } = await open(PAGE);
    times.push(await page.evaluate(() => performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd));
    await close();
  }
  times.sort((a, b) => a - b);
  console.log(`opens in ${times[2].toFixed(0)} ms (median of 5), ${statSync(PAGE).size} bytes`);
  // The aim is 200 ms on a quiet machine; a shared one may be several times slower.
  assert.ok(times[2] < 1500, `${times[2]} ms`);
});

test("a capture of 10,000 packets stays usable", { skip: !LARGE && "no large page given" }, async () => {
  assert.ok(statSync(LARGE).size < 5_000_000, `${statSync(LARGE).size} bytes`);
  const begin = performance.now();
  const { page, wrong, close } = await open(LARGE, {}, "#web-p1");
  const opened = performance.now() - begin;
  assert.ok(await page.locator("#web-p1 .hx").isVisible());
  assert.match(await page.locator("#web .warning").first().textContent(), /are shown one by one/);
  const step = performance.now();
  for (let at = 2; at <= 12; at++) await page.keyboard.press("j");
  assert.equal(await page.evaluate(() => location.hash), "#web-p12");
  console.log(`10,000 packets: ${statSync(LARGE).size} bytes, opens in ${opened.toFixed(0)} ms, a step takes ${((performance.now() - step) / 11).toFixed(0)} ms`);
  assert.deepEqual(wrong, []);
  await close();
});
