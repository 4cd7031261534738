// While a form is on its way its button says so, and cannot be pressed twice.
const PATIENCE = 10_000;
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.defaultPrevented || !button || !button.dataset.busy) return;
  const words = button.textContent;
  setTimeout(() => { button.disabled = true; button.textContent = button.dataset.busy; });
  setTimeout(() => { button.disabled = false; button.textContent = words; }, PATIENCE);
});
document.querySelector("#errors")?.focus();
