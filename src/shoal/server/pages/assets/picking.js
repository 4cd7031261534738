// Whoever fills in a source of data means that one.
for (const field of document.querySelectorAll("[data-picks]")) {
  const pick = () => { field.closest("form").querySelector(`input[name="data"][value="${field.dataset.picks}"]`).checked = true; };
  field.addEventListener("change", pick);
  field.addEventListener("input", pick);
}
