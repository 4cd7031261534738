// The estimate follows the form; the buttons that need the server without this script work here at once.
const form = document.querySelector("#new-study");
const estimate = document.querySelector("#estimate");
const PAUSE = 300;
let waiting = 0;
let asked = 0;
// Not form.dataset: the form has a field of that name.

function count() {
  document.querySelector("#chosen").textContent = form.querySelectorAll("[name=column]:checked").length;
}

async function ask() {
  const mine = ++asked;
  estimate.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.getAttribute("data-estimate"), { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "text/html" } });
    if (mine !== asked || !answer.ok) return;
    estimate.innerHTML = await answer.text();
    const told = estimate.querySelector("[data-advanced]");
    if (told) document.querySelector("#advanced-told").textContent = told.dataset.advanced;
  } finally {
    if (mine === asked) estimate.removeAttribute("aria-busy");
  }
}

function soon() {
  count();
  clearTimeout(waiting);
  waiting = setTimeout(ask, PAUSE);
}

form.addEventListener("input", soon);
form.addEventListener("click", (event) => {
  const act = event.target.closest("button[name=act]")?.value;
  if (act !== "all" && act !== "none") return;
  event.preventDefault();
  form.querySelectorAll("[name=column]:not(:disabled)").forEach((box) => { box.checked = act === "all"; });
  soon();
});
document.querySelector("#again").hidden = true;
