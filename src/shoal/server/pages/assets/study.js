// A study's page: what is chosen, and a word to those who listen instead of looking.
const live = document.querySelector("#live");
const picked = document.querySelector("#picked");
const QUIET = 10_000;
let told = -1;
let spoken = 0;

function count() {
  const number = document.querySelectorAll("#fits [name=fit]:checked").length;
  if (picked) picked.textContent = number ? `${number} chosen` : "";
}

// At the start, at each quarter and when fits fail: never more often than every ten seconds.
function speak() {
  const sentence = document.querySelector("#sentence");
  if (!sentence) return;
  const failed = document.querySelector("#counts li:last-child strong")?.textContent ?? "0";
  const quarter = Math.floor(Number(sentence.dataset.share) * 4);
  const key = `${quarter} ${failed}`;
  if (key === told || Date.now() - spoken < QUIET) return;
  told = key;
  spoken = Date.now();
  live.textContent = sentence.textContent;
}

document.addEventListener("change", (event) => { if (event.target.name === "fit") count(); });
document.addEventListener("partchange", speak);
count();
speak();

// The picture of a fit follows the reader's choice of light or dark.
function paint() {
  const chosen = document.documentElement.dataset.theme;
  for (const image of document.querySelectorAll("img[data-source]")) {
    if (!chosen) continue;
    image.parentElement.querySelectorAll("source").forEach((source) => source.remove());
    const wanted = image.dataset.source + chosen;
    if (image.getAttribute("src") !== wanted) image.src = wanted;
  }
}
document.addEventListener("themechange", paint);
paint();
