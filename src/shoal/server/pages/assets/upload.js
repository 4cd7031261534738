// Sending a file: dropped or chosen. A large one goes piece by piece (tus 1.0), so that a break or a reload loses nothing.
const LARGE = 8 << 20, PIECE = 4 << 20, TRIES = 8;
const TUS = { "Tus-Resumable": "1.0.0" };
const memory = "shoal-upload ";
const megabytes = (bytes) => (bytes / 1048576).toFixed(bytes < 10485760 ? 1 : 0);
const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
const encoded = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

class Refused extends Error {}

async function ask(address, options) {
  const answer = await fetch(address, { ...options, headers: { ...TUS, Accept: "application/json", ...options.headers } });
  if (answer.ok || answer.status === 409 || answer.status === 423) return answer;
  const problem = await answer.json().catch(() => ({}));
  const words = [problem.title ?? `The server answered ${answer.status}.`, problem.detail ?? ""].join(" ").trim();
  if (answer.status >= 500) throw new Error(words);
  throw Object.assign(new Refused(words), { status: answer.status });
}

class Sending {
  constructor(form, file) {
    this.form = form; this.file = file; this.offset = 0; this.stopped = false; this.began = performance.now(); this.from = 0;
    this.key = `${memory}${file.name} ${file.size} ${file.lastModified}`;
  }

  async run() {
    this.address = localStorage.getItem(this.key) || (await this.create());
    await this.find();
    this.from = this.offset; this.began = performance.now();
    while (this.offset < this.file.size && !this.stopped) await this.piece();
    return this.stopped ? null : this.end();
  }

  async create() {
    const fields = { filename: this.file.name, delimiter: this.form.elements.delimiter.value, replaces: this.form.elements.replaces.value };
    const metadata = Object.entries(fields).filter(([, value]) => value).map(([name, value]) => `${name} ${encoded(value)}`).join(",");
    const made = await ask(this.form.dataset.uploads, { method: "POST", headers: { "Upload-Length": String(this.file.size), "Upload-Metadata": metadata } });
    this.address = made.headers.get("Location");
    localStorage.setItem(this.key, this.address);
    return this.address;
  }

  // Asks how much has arrived; an upload that the server has forgotten begins again.
  async find() {
    try {
      this.offset = Number((await ask(this.address, { method: "HEAD" })).headers.get("Upload-Offset"));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      localStorage.removeItem(this.key);
      await this.create();
      this.offset = 0;
    }
  }

  async piece() {
    for (let tried = 1; !this.stopped; tried++) {
      this.tell();
      try {
        const body = this.file.slice(this.offset, this.offset + PIECE);
        const answer = await ask(this.address, { method: "PATCH", body, headers: { "Upload-Offset": String(this.offset), "Content-Type": "application/offset+octet-stream" } });
        if (!answer.ok) return await this.find();
        this.offset = Number(answer.headers.get("Upload-Offset"));
        this.answer = answer;
        return this.tell();
      } catch (error) {
        if (error instanceof Refused || tried >= TRIES) throw error;
        this.tell(`The connection is lost. Trying again in ${tried} s.`);
        await sleep(tried);
        await this.find().catch(() => {});
      }
    }
  }

  tell(words = "") {
    const share = this.offset / this.file.size, percent = Math.floor(100 * share);
    const seconds = (performance.now() - this.began) / 1000, sent = this.offset - this.from;
    const left = sent && seconds > 2 ? Math.ceil(((this.file.size - this.offset) / sent) * seconds) : 0;
    const rest = this.offset >= this.file.size ? " Reading it." : left ? ` About ${left} s left.` : "";
    const told = words || `${megabytes(this.offset)} of ${megabytes(this.file.size)} MB, ${percent}%.${rest}`;
    const bar = this.form.querySelector("[data-sending] .bar");
    bar.firstElementChild.style.width = `${percent}%`;
    bar.setAttribute("aria-valuenow", percent);
    bar.setAttribute("aria-valuetext", told);
    this.form.querySelector("[data-sending-words]").textContent = told;
  }
}

function refuse(form, words) {
  const place = form.querySelector("[data-upload-error]");
  place.textContent = words;
  place.hidden = !words;
}

function busy(form, on) {
  form.querySelector("[data-sending]").hidden = form.querySelector("[data-upload-stop]").hidden = !on;
  for (const each of form.querySelectorAll("input, select, button.primary")) each.disabled = on;
}

async function send(form, file) {
  const sending = new Sending(form, file);
  const stop = form.querySelector("[data-upload-stop]");
  stop.onclick = () => { sending.stopped = true; };
  refuse(form, "");
  busy(form, true);
  try {
    const dataset = await sending.run();
    if (dataset) location.assign((form.elements.then.value === "study" ? form.dataset.study : form.dataset.dataset) + dataset);
    else refuse(form, "Stopped. Choose the same file again to go on where it was.");
  } catch (error) {
    refuse(form, error.message);
  } finally {
    busy(form, false);
  }
}

function tooLarge(form, file) {
  const limit = Number(form.dataset.limit);
  return file.size > limit ? `This file is ${megabytes(file.size)} MB; the limit here is ${megabytes(limit)} MB. Ask your operator, or use Parquet, which is smaller.` : "";
}

function waiting() {
  try { return Object.keys(localStorage).filter((key) => key.startsWith(memory)).map((key) => key.slice(memory.length).split(" ").slice(0, -2).join(" ")); } catch { return []; }
}

for (const form of document.querySelectorAll("form[data-upload]")) {
  const input = form.elements.file;
  form.addEventListener("dragover", (event) => { event.preventDefault(); form.classList.add("over"); });
  form.addEventListener("dragleave", () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("over");
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change"));
  });
  input.addEventListener("change", () => refuse(form, input.files[0] ? tooLarge(form, input.files[0]) : ""));
  form.addEventListener("submit", (event) => {
    const file = input.files[0], words = file && tooLarge(form, file);
    if (words) { event.preventDefault(); refuse(form, words); }
    else if (file && file.size > LARGE) { event.preventDefault(); send(form, file); }
  });
  const names = waiting();
  if (names.length) refuse(form, `${names[0]} was not sent whole. Choose it again to go on where it was.`);
}
