// The tables of a live task: rows are copies of the page's own templates, only their numbers are written here.
const UNITS = [[60, "s", 1], [3600, "min", 60], [86400, "h", 3600], [Infinity, "d", 86400]];
const NEW = 60;

export const whole = (value) => Math.round(value).toLocaleString("en");
export const percent = (share) => (share > 0 && share < 0.005 ? "<1%" : `${Math.round(share * 100)}%`);

export function age(seconds) {
  const [, unit, step] = UNITS.find(([below]) => seconds < below);
  return `${Math.max(0, Math.floor(seconds / step))} ${unit}`;
}

// Keeps one row for each cluster, in their order; `fill` writes its cells.
function match(body, template, clusters, fill) {
  const rows = new Map([...body.rows].map((row) => [row.dataset.id, row]));
  clusters.forEach((cluster, place) => {
    let row = rows.get(String(cluster.id));
    rows.delete(String(cluster.id));
    if (!row) {
      row = template.content.firstElementChild.cloneNode(true);
      row.dataset.id = cluster.id;
      row.querySelector("[data-number]").textContent = cluster.id;
      row.querySelector(".swatch").className = `swatch slot${((cluster.slot - 1) % 12) + 1}${cluster.slot > 12 ? " open" : ""}`;
    }
    if (body.rows[place] !== row) body.insertBefore(row, body.rows[place] ?? null);
    fill(row, cluster);
  });
  for (const row of rows.values()) row.remove();
}

function write(cell, text) { if (cell && cell.textContent !== text) cell.textContent = text; }

export function showClusters(box, found, now) {
  match(box.querySelector("tbody[data-clusters]"), box.querySelector("template"), found.clusters, (row, cluster) => {
    const seconds = (now - cluster.born) / 1000;
    write(row.querySelector("[data-name]"), `${cluster.name}${seconds < NEW ? " new" : ""}`);
    write(row.querySelector("[data-rows]"), whole(cluster.rows));
    write(row.querySelector("[data-share]"), percent(cluster.share));
    write(row.querySelector("[data-age]"), age(seconds));
  });
  const noise = box.querySelector("[data-noise]");
  noise.hidden = !found.noise;
  write(noise.querySelector("[data-rows]"), whole(found.noise));
  write(noise.querySelector("[data-share]"), percent(found.noise / Math.max(1, found.noise + found.clusters.reduce((sum, one) => sum + one.rows, 0))));
  box.querySelector("[data-none]").hidden = found.clusters.length > 0;
  box.querySelector("[data-many]").hidden = found.clusters.length <= 12;
}

export function showCentres(box, found, written) {
  match(box.querySelector("tbody"), box.querySelector("template"), found.clusters, (row, cluster) => {
    row.querySelectorAll("td").forEach((cell, column) => write(cell, written(cluster.centre[column])));
  });
}

export function showEvent(list, { at, words }) {
  const item = list.querySelector("template").content.firstElementChild.cloneNode(true), when = item.querySelector("time"), date = new Date(at);
  when.dateTime = date.toISOString();
  when.title = `${when.dateTime.slice(0, 19).replace("T", " ")} UTC`;
  when.textContent = when.dateTime.slice(11, 19);
  item.querySelector("span").textContent = words;
  list.querySelector("ol").prepend(item);
  [...list.querySelectorAll("li")].slice(100).forEach((old) => old.remove());
  list.querySelector("[data-none]").hidden = true;
}
