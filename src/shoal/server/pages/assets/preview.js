// The first rows of a chosen file, before it is sent: are the columns apart, does the first line name them?
const HEAD = 65_536, ROWS = 5, COLUMNS = 40;
const MARKS = { comma: ",", semicolon: ";", tab: "\t", pipe: "|", space: " " };
const WORDS = { comma: "comma", semicolon: "semicolon", tab: "tab", pipe: "vertical bar", space: "space" };

// Returns rows of cells; quoted cells may hold separators, line ends and doubled quotes.
function rowsOf(text, mark, most) {
  const rows = [];
  let row = [], cell = "", quoted = false;
  for (let at = 0; at < text.length && rows.length < most; at++) {
    const sign = text[at];
    if (quoted) {
      if (sign !== '"') cell += sign;
      else if (text[at + 1] === '"') { cell += '"'; at++; } else quoted = false;
    } else if (sign === '"' && cell === "") quoted = true;
    else if (sign === mark) { row.push(cell); cell = ""; }
    else if (sign === "\n" || sign === "\r") {
      if (sign === "\r" && text[at + 1] === "\n") at++;
      if (row.length || cell.trim()) rows.push([...row, cell]);
      row = []; cell = "";
    } else cell += sign;
  }
  if (rows.length < most && (row.length || cell.trim())) rows.push([...row, cell]);
  return rows;
}

// The mark that most first rows have equally often, and most of.
function guess(text) {
  let best = "comma", points = 0;
  for (const name of ["comma", "semicolon", "tab", "pipe"]) {
    const rows = rowsOf(text, MARKS[name], 20), width = rows[0]?.length ?? 1;
    const same = rows.filter((row) => row.length === width).length / Math.max(1, rows.length);
    if (width > 1 && same * width > points) { best = name; points = same * width; }
  }
  return best;
}

async function expanded(blob) {
  const reader = blob.stream().pipeThrough(new DecompressionStream("gzip")).getReader(), parts = [];
  try {
    for (let size = 0; size < HEAD;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value); size += value.length;
    }
  } catch { /* the head of a file ends in the middle */ }
  return new Uint8Array(await new Blob(parts).arrayBuffer()).slice(0, HEAD);
}

// Returns the text of a file's head, or null when it is no text.
async function headOf(file) {
  let bytes = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) bytes = await expanded(file.slice(0, HEAD));
  const wide = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "";
  if (!wide && bytes.includes(0)) return null;
  const text = new TextDecoder(wide || "utf-8").decode(bytes);
  const whole = file.size <= HEAD ? text : text.slice(0, Math.max(text.lastIndexOf("\n"), 1));
  return /^PAR1|^PK\x03\x04/.test(text) ? null : whole;
}

const isNumber = (cell) => cell.trim() !== "" && !Number.isNaN(Number(cell.trim().replace(",", ".")));

function warningOf(rows) {
  if (!rows.length) return "This file is empty.";
  if (rows[0].length === 1 && rows.length > 1) return "There is only one column. Check the separator.";
  if (rows[0].every(isNumber)) return "The first line must name the columns; here it holds numbers.";
  const odd = rows.findIndex((row) => row.length !== rows[0].length);
  if (odd > 0) return `Row ${odd + 1} has ${rows[odd].length} values, the header has ${rows[0].length}. Check the separator.`;
  return "";
}

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function lineOf(kind, cells, numbers, attributes = {}) {
  const line = document.createElement("tr");
  const made = (cell, at) => element(kind, cell.length > 60 ? `${cell.slice(0, 59)}…` : cell, { ...attributes, ...(numbers[at] ? { class: "number" } : {}) });
  line.append(...cells.slice(0, COLUMNS).map(made));
  return line;
}

function tableOf(rows, mark) {
  const table = document.createElement("table"), head = document.createElement("thead"), body = document.createElement("tbody");
  const more = rows[0].length > COLUMNS ? `, ${COLUMNS} of ${rows[0].length.toLocaleString("en")} columns` : "";
  table.append(element("caption", `The first ${rows.length - 1} rows, split at each ${WORDS[mark]}${more}`), head, body);
  const numbers = rows[0].map((_, at) => rows.slice(1).some((row) => isNumber(row[at] ?? "")));
  head.append(lineOf("th", rows[0], numbers, { scope: "col" }));
  body.append(...rows.slice(1).map((row) => lineOf("td", row, numbers)));
  return table;
}

async function show(form) {
  const file = form.elements.file.files[0], place = form.querySelector("[data-preview]"), note = form.querySelector("[data-upload-note]");
  place.replaceChildren(); place.hidden = note.hidden = true;
  const text = file ? await headOf(file) : null;
  form.querySelector("[data-separator]").hidden = !text && !form.querySelector("#error-delimiter");
  if (!text) return;
  const mark = form.elements.delimiter.value || guess(text), rows = rowsOf(text, MARKS[mark], ROWS + 1), warning = warningOf(rows);
  note.textContent = warning; note.hidden = !warning;
  if (rows.length < 2) return;
  const scroll = element("div", "", { class: "scroll", tabindex: "0", role: "region", "aria-label": "The first rows" });
  scroll.append(tableOf(rows, mark));
  place.append(scroll);
  place.hidden = false;
}

for (const form of document.querySelectorAll("form[data-upload]")) {
  const look = () => show(form);
  form.elements.file.addEventListener("change", look);
  form.elements.delimiter.addEventListener("change", look);
  look();
}
