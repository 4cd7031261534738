// The reader's choice of light or dark, before anything is painted.
(() => {
  const root = document.documentElement;
  const kept = () => { try { return localStorage.getItem("shoal-theme"); } catch { return null; } };
  const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  if (kept()) root.dataset.theme = kept();
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("[data-theme-switch]");
    if (!button) return;
    const name = () => { button.textContent = dark() ? "Light" : "Dark"; button.setAttribute("aria-label", `Switch to ${dark() ? "light" : "dark"} colours`); };
    button.hidden = false;
    name();
    button.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      try { localStorage.setItem("shoal-theme", root.dataset.theme); } catch { /* the choice lasts for this page */ }
      name();
      document.dispatchEvent(new CustomEvent("themechange", { detail: root.dataset.theme }));
    });
  });
})();
