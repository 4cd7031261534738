// The page of a live task: what comes by its stream is drawn, written and, seldom, spoken.
const page = document.querySelector("#live-task");
const take = async (...names) => Promise.all(names.map((name) => import(page.dataset[`${name}Module`])));
const [points, axes, centres, scenes, streams, tables, metrics, figures] = await take("points", "axes", "centres", "scene", "stream", "tables", "metrics", "figures");
const spoken = document.querySelector("#live"), names = JSON.parse(page.dataset.columns), box = document.querySelector("#scene");
const still = matchMedia("(prefers-reduced-motion: reduce)").matches, QUIET = 10_000, AGAIN = 5_000;
const choose = (name) => document.querySelector(`#choose-${name}`);
let found = null, known = "", last = 0, said = 0, tabled = 0, asked = 0;

const scene = box && new scenes.Scene(box, { points, axes, centres }, names, { still, size: Number(choose("points").value), tell });
const panel = new figures.Figures(document.querySelector("#metrics"), { metrics, axes }, scene?.look ?? { accent: "currentColor", line: "currentColor" });
const pump = scene && new streams.Pump(page.dataset.points, scene.points.size, (rows, labels, next, dim, all) => { if (dim === names.length) scene.add(rows, labels, next, all, pump.size); });

function tell(on, x, y) {
  const note = document.querySelector("#on");
  note.hidden = !on;
  if (!on) return;
  note.textContent = on.cluster ? `Cluster ${on.cluster.id} · ${tables.whole(on.cluster.rows)} rows (${tables.percent(on.cluster.share)}) · ${tables.age((Date.now() - on.cluster.born) / 1000)} old` : row(on);
  note.style.left = `${Math.min(x + 14, Math.max(0, box.clientWidth - note.offsetWidth - 4))}px`;
  note.style.top = `${y + 18 + note.offsetHeight > box.clientHeight ? y - note.offsetHeight - 10 : y + 18}px`;
}

function row({ row, label, values }) {
  const { x, y } = scene.choice, shown = [...new Set([x, y])].filter((column) => column >= 0).map((column) => `${names[column].slice(0, 30)} ${axes.written(values[column])}`);
  return [`Row ${tables.whole(row)}`, label < 0 ? "noise" : `Cluster ${label}`, ...shown].join(" · ");
}

function write(name, text) { const place = document.querySelector(`[data-now="${name}"]`); if (place && place.textContent !== text) place.textContent = text; }

function speak(words) {
  if (Date.now() - said < QUIET) return;
  said = Date.now();
  spoken.textContent = words;
}

// The newest summary of this frame is shown; those before it were overtaken.
let waiting = null;
function summary(now) {
  if (!waiting) requestAnimationFrame(() => { const newest = waiting; waiting = null; show(newest); });
  waiting = now;
}

function show(now) {
  if (!names.length && now.clusters.length) return location.reload();
  // The first clusters, and the last of what was said before them.
  if (now.clusters.length && !found?.clusters.length) state();
  found = now;
  last = performance.now();
  const slow = document.querySelector("#slow");
  slow.hidden = !now.slow;
  slow.textContent = now.slow;
  write("clusters", tables.whole(now.clusters.length));
  write("clusters-word", now.clusters.length === 1 ? "cluster" : "clusters");
  write("rows", tables.whole(now.row));
  write("rate", tables.whole(now.metrics.rows_per_second ?? 0));
  write("iterations", tables.whole(now.iterations));
  scene?.found(now.clusters, now.row);
  pump?.upTo(now.row);
  const ids = now.clusters.map((one) => one.id).join();
  if (pump && known !== ids) pump.again();
  known = ids;
  tables.showClusters(document.querySelector("#clusters"), now, now.at);
  panel.add(now.at, { ...now.metrics, clusters: now.clusters.length });
  panel.soon();
  if (performance.now() - tabled > 1000) table();
}

function table() {
  const details = document.querySelector("#as-table");
  if (!details?.open || !found) return;
  tabled = performance.now();
  tables.showCentres(details, found, axes.written);
}

function event(one) {
  panel.event(one.at);
  panel.soon();
  tables.showEvent(document.querySelector("#events"), one);
  speak(one.words);
}

// How the task stands and what can be done with it is a part of the page, made on the server.
async function state({ quiet = false } = {}) {
  const answer = await fetch(page.dataset.now, { headers: { Accept: "text/html" } });
  if (answer.redirected || answer.status === 404) return location.reload();
  if (!answer.ok) return;
  const part = document.querySelector("#now"), stops = () => [...part.querySelectorAll("a, button")], place = stops().indexOf(document.activeElement);
  part.innerHTML = await answer.text();
  if (place >= 0) stops()[Math.min(place, stops().length - 1)]?.focus();
  if (found) show(found);
  if (!quiet) speak(part.querySelector("h1").parentElement.innerText);
  compiling();
}

// What is said of a compiler changes while it works, and nothing else would tell that it is done.
function compiling() {
  clearTimeout(asked);
  if (document.querySelector("#now [data-compiling]")) asked = setTimeout(() => state({ quiet: true }), AGAIN);
}

function lost(told) {
  const note = document.querySelector("#lost");
  note.hidden = !told;
  page.classList.toggle("stale", Boolean(told));
  if (told) note.querySelector("span").textContent = `Not live since ${told.since.toISOString().slice(11, 16)} UTC. Trying again in ${told.seconds} s.`;
}

const stream = new streams.Stream(page.dataset.stream, { summary, event, state, gone: () => { stream.end(); location.reload(); } }, lost);
document.querySelector("#lost button").addEventListener("click", () => stream.open());

// What was before somebody looked.
async function before() {
  const answer = await fetch(page.dataset.history, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const { history, events } = await answer.json();
  for (const one of history) panel.add(one.at, { ...one.metrics, clusters: one.clusters });
  events.forEach((at) => panel.event(at));
  panel.draw();
}
before();

// While nothing comes nothing runs: the rate falls to 0, and ages go on.
setInterval(() => { if (found && !document.hidden && performance.now() - last > 3000) { write("rate", "0"); tables.showClusters(document.querySelector("#clusters"), found, Date.now()); } }, 3000);

function sides() { scene.choose({ x: Number(choose("x").value), y: Number(choose("y").value) }); unzoomed(); }
function unzoomed() { choose("whole").hidden = true; }
function pressed(button, name) { const on = button.getAttribute("aria-pressed") !== "true"; button.setAttribute("aria-pressed", on); scene.choose({ [name]: on }); unzoomed(); return on; }

if (scene) {
  document.querySelector("#choosers").hidden = false;
  choose("x").addEventListener("change", sides);
  choose("y").addEventListener("change", sides);
  choose("pca").addEventListener("click", (click) => { const on = pressed(click.currentTarget, "pca"); choose("x").disabled = choose("y").disabled = on; });
  choose("bubbles").addEventListener("click", (click) => {
    const on = pressed(click.currentTarget, "bubbles");
    for (const one of document.querySelectorAll("[data-with]")) one.hidden = (one.dataset.with === "bubbles") !== on;
  });
  choose("trail").addEventListener("change", (change) => scene.choose({ trails: change.target.checked }));
  choose("root").addEventListener("change", (change) => scene.choose({ rooted: change.target.checked }));
  choose("points").addEventListener("change", (change) => { pump.again(Number(change.target.value)); });
  choose("whole").addEventListener("click", () => { scene.choose({}); unzoomed(); });
  box.addEventListener("zoom", () => { choose("whole").hidden = false; });
  scene.choose({ x: Number(choose("x").value), y: Number(choose("y").value) });
  const repaint = () => { scene.repaint(); panel.look = scene.look; panel.draw(); };
  document.addEventListener("themechange", repaint);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
}
document.querySelector("#as-table")?.addEventListener("toggle", table);

// Buttons that let it run, rest or end act without leaving the page; what refuses is said beside them.
document.addEventListener("submit", async (submitted) => {
  const form = submitted.target;
  if (!form.matches("[data-act]")) return;
  submitted.preventDefault();
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "application/json" }, redirect: "manual" });
  const refused = document.querySelector("#refused");
  refused.hidden = answer.type === "opaqueredirect" || answer.ok;
  if (!refused.hidden) { const problem = await answer.json().catch(() => ({})); refused.textContent = [problem.title ?? `The server answered ${answer.status}.`, problem.detail ?? ""].join(" ").trim(); }
  await state();
});

const typing = (one) => one.closest("a, button, input, select, textarea, summary, [contenteditable], dialog, [tabindex]");
document.addEventListener("keydown", (key) => {
  if (key.key !== " " || key.ctrlKey || key.metaKey || key.altKey || key.repeat || typing(key.target)) return;
  const form = document.querySelector("[data-space]");
  if (!form) return;
  key.preventDefault();
  form.requestSubmit();
});

compiling();
globalThis.shoalLive = { scene, pump, panel };
