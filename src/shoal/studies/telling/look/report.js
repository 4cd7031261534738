// A report's tables to take along, and its lists of rows.
(() => {
  const parsed = (id) => JSON.parse(document.getElementById(id)?.textContent || "null");
  const { dark } = globalThis.shoalTheme;
  const FORMULA = /^[=+\-@\t\r]/;
  const MOST = 100;

  function make(tag, attributes = {}, ...inside) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...inside);
    return made;
  }

  // What a spreadsheet would run becomes text; quotes as RFC 4180 has them.
  function cell(value) {
    if (value === null || value === undefined) return "";
    const text = typeof value === "string" && FORMULA.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }
  const asCsv = ({ columns, rows }) => [columns, ...rows].map((row) => row.map(cell).join(",") + "\n").join("");
  const asJson = ({ columns, rows }) => JSON.stringify(rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]]))), null, 1);

  function save(content, type, name) {
    const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
    const link = make("a", { href: address, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }
  const saveTable = (table, form, name) => (form === "csv" ? save(asCsv(table), "text/csv", `${name}.csv`) : save(asJson(table), "application/json", `${name}.json`));

  const number = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 6 });
  const shown = (value) => (value === null ? "–" : typeof value === "number" ? number.format(value) : value);

  // A list of rows: the first hundred to read, all of them to take along.
  function listRows(at, heading, table) {
    const close = make("button", { type: "button" }, "Close");
    const take = make("button", { type: "button" }, "CSV");
    take.addEventListener("click", () => saveTable(table, "csv", "rows"));
    close.addEventListener("click", () => { at.hidden = true; });
    const head = make("tr", {}, ...table.columns.map((name) => make("th", { scope: "col", class: "number" }, name)));
    const body = table.rows.slice(0, MOST).map((row) => make("tr", {}, ...row.map((value) => make("td", { class: "number" }, shown(value)))));
    const grid = make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
    const told = table.rows.length > MOST ? `${heading} The first ${MOST} are listed.` : heading;
    at.className = "chosen-rows";
    at.replaceChildren(
      make("div", { class: "row spread tools" }, make("p", { role: "status" }, told), make("div", { class: "row" }, take, close)),
      make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Chosen rows" }, grid),
    );
    at.hidden = false;
  }

  function offerParts() {
    const parts = parsed("parts") ?? {};
    for (const line of document.querySelectorAll("[data-takes]")) {
      if (!parts[line.dataset.takes]) continue;
      line.hidden = false;
      line.querySelectorAll("[data-without-script]").forEach((link) => link.remove());
    }
    for (const button of document.querySelectorAll("[data-part]")) {
      const table = parts[button.dataset.part];
      button.hidden = !table;
      button.addEventListener("click", () => saveTable(table, button.dataset.form, button.dataset.part));
    }
  }

  globalThis.shoalReport = { parsed, dark, make, save, saveTable, listRows };
  offerParts();
})();
