// The old upload form: the first five rows of a chosen file say which columns there are.
const HEAD = 65_536, ROWS = 5;
const PLACES = ["longitude", "latitude"];

function cellsOf(line) {
  const cells = [];
  let cell = "", quoted = false;
  for (let at = 0; at < line.length; at++) {
    const sign = line[at];
    if (sign === '"' && quoted && line[at + 1] === '"') { cell += '"'; at++; }
    else if (sign === '"') quoted = !quoted;
    else if (sign === "," && !quoted) { cells.push(cell); cell = ""; }
    else cell += sign;
  }
  return [...cells, cell].map((one) => one.trim());
}

const isNumber = (cell) => cell === "" || !Number.isNaN(Number(cell));

function options(lines) {
  const [header, ...rows] = lines.map(cellsOf);
  return header.map((name, place) => {
    const values = rows.map((row) => row[place] ?? ""), option = new Option(name, name);
    option.selected = values.every(isNumber) && values.some((cell) => cell !== "") && !PLACES.includes(name.toLowerCase());
    return option;
  });
}

async function show(form) {
  const file = form.elements.file.files[0], select = form.elements.columns, field = form.querySelector("[data-columns]");
  select.replaceChildren();
  const text = file ? await file.slice(0, HEAD).text() : "";
  const lines = text.includes("\0") ? [] : text.split(/\r?\n/).filter((line) => line.trim()).slice(0, ROWS + 1);
  if (lines.length > 1) select.append(...options(lines));
  form.elements.all_columns.value = [...select.options].map((option) => option.value).join(",");
  field.hidden = select.disabled = !select.options.length;
}

for (const form of document.querySelectorAll("[data-kmeans-upload]")) {
  form.elements.file.addEventListener("change", () => show(form));
}
