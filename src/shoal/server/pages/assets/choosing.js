// Check boxes of a list: what is chosen is said, kept when the list is drawn again, and acted on when it is the right number.
const chosen = new Set();
const form = () => document.querySelector("[data-choosing]");

function tell() {
  const here = form();
  if (!here?.querySelector("[data-act]")) return;
  const wanted = Number(here.dataset.choosing), said = here.querySelector("[data-chosen]");
  for (const box of here.querySelectorAll('input[name="chosen"]')) box.checked = chosen.has(box.value);
  const words = chosen.size > wanted ? `${chosen.size} chosen: two can be compared.` : `${chosen.size} chosen.`;
  said.textContent = chosen.size ? words : "Choose two studies to compare them.";
  here.querySelector("[data-act]").disabled = chosen.size !== wanted;
}

document.addEventListener("change", (event) => {
  if (event.target.name !== "chosen") return;
  if (event.target.checked) chosen.add(event.target.value); else chosen.delete(event.target.value);
  tell();
});
document.addEventListener("partchange", tell);
for (const box of document.querySelectorAll('input[name="chosen"]:checked')) chosen.add(box.value);
tell();
