// Check boxes of jobs: what is chosen is said, and kept when the list is drawn again.
const chosen = new Set();
const boxes = () => [...document.querySelectorAll('#jobs-form input[name="job"]')];

function tell() {
  for (const box of boxes()) box.checked = chosen.has(box.value);
  const here = boxes().filter((box) => box.checked).length;
  const picked = document.querySelector("#picked");
  if (!picked) return;
  picked.textContent = here ? `${here} chosen:` : "Choose jobs to";
  for (const button of document.querySelectorAll('#jobs-form .bulk button[name="act"]')) if (!button.value.endsWith("-all")) button.disabled = !here;
}

document.addEventListener("change", (event) => {
  if (event.target.name !== "job") return;
  if (event.target.checked) chosen.add(event.target.value); else chosen.delete(event.target.value);
  tell();
});
document.addEventListener("partchange", tell);
for (const box of boxes()) if (box.checked) chosen.add(box.value);
tell();
