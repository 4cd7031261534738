// Pages of K-Means Service: pictures that say when they fail, and a table with boxes.
const dark = () => (document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

function say(figure, words, again = false) {
  const state = figure.querySelector("[data-plot-state]");
  state.hidden = !words;
  state.querySelector("[role=status]").textContent = words;
  state.querySelector("[data-plot-again]").hidden = !again;
}

// An address that differs makes a browser ask again; the server gives the same picture for it.
function load(figure, turn = "") {
  const image = figure.querySelector("img");
  figure.querySelector("source")?.remove();
  say(figure, "Drawing …");
  image.srcset = `${image.dataset.src}&theme=${dark() ? "dark" : "light"}${turn} 1.5x`;
}

function watch(figure) {
  const image = figure.querySelector("img");
  image.addEventListener("load", () => say(figure, ""));
  image.addEventListener("error", () => say(figure, "This plot could not be drawn.", true));
  figure.querySelector("[data-plot-again]").addEventListener("click", () => load(figure, `&again=${Date.now()}`));
  if (image.complete && image.naturalWidth) return;
  if (image.complete && image.currentSrc) say(figure, "This plot could not be drawn.", true);
  else say(figure, "Drawing …");
}

const figures = [...document.querySelectorAll("[data-plot]")];
figures.forEach(watch);
if (document.documentElement.dataset.theme) figures.forEach((figure) => load(figure));
document.addEventListener("themechange", () => figures.forEach((figure) => load(figure)));

for (const form of document.querySelectorAll("[data-tasks]")) {
  const set = (checked) => form.querySelectorAll("input[name=task_ids]").forEach((box) => { box.checked = checked; });
  for (const [name, checked] of [["[data-all]", true], ["[data-none]", false]]) {
    const button = form.querySelector(name);
    if (!button) continue;
    button.hidden = false;
    button.addEventListener("click", () => set(checked));
  }
}
