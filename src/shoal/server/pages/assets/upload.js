// Sending a file: dropped or chosen. A large one goes piece by piece (tus 1.0), so that a break or a reload loses nothing.
const LARGE = 8 << 20, PIECE = 4 << 20, TRIES = 8;
const TUS = { "Tus-Resumable": "1.0.0" };
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
    this.form = form; this.file = file; this.offset = 0; this.dataset = ""; this.stopped = false; this.from = 0; this.began = performance.now();
    this.fingerprint = `${file.size} ${file.lastModified} ${file.name}`.slice(0, 200);
  }

  // Returns the dataset's id, or nothing when it was stopped.
  async run() {
    const begun = (await onTheWay(this.form)).find((one) => one.fingerprint === this.fingerprint);
    this.address = begun ? `${this.form.dataset.uploads}/${begun.id}` : await this.create();
    if (begun) await this.look();
    this.from = this.offset;
    while (!this.dataset && !this.stopped) await this.piece();
    return this.dataset;
  }

  async create() {
    const fields = { filename: this.file.name, delimiter: this.form.elements.delimiter.value, fingerprint: this.fingerprint };
    const metadata = Object.entries(fields).filter(([, value]) => value).map(([name, value]) => `${name} ${encoded(value)}`).join(",");
    const made = await ask(this.form.dataset.uploads, { method: "POST", headers: { "Upload-Length": String(this.file.size), "Upload-Metadata": metadata } });
    return made.headers.get("Location");
  }

  async look() {
    this.take(await ask(this.address, { method: "HEAD" }));
  }

  take(answer) {
    this.offset = Number(answer.headers.get("Upload-Offset"));
    this.dataset = answer.headers.get("Shoal-Dataset") ?? "";
    this.tell();
  }

  async piece() {
    const body = this.file.slice(this.offset, this.offset + PIECE);
    for (let tried = 1; !this.stopped; tried++) {
      this.tell(this.offset + PIECE >= this.file.size ? "The last piece; then the file is read." : "");
      try {
        const answer = await ask(this.address, { method: "PATCH", body, headers: { "Upload-Offset": String(this.offset), "Content-Type": "application/offset+octet-stream" } });
        return answer.ok ? this.take(answer) : await this.look();
      } catch (error) {
        if (error instanceof Refused || tried >= TRIES) throw error;
        this.tell(`The connection is lost. Trying again in ${tried} s.`);
        await sleep(tried);
        const before = this.offset;
        await this.look().catch(() => {});
        if (this.offset !== before || this.dataset) return;
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

function note(form, words) {
  const place = form.querySelector("[data-upload-note]");
  place.textContent = words;
  place.hidden = false;
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
    if (dataset) location.assign(({ study: form.dataset.study, live: form.dataset.liveTask }[form.elements.then.value] ?? form.dataset.dataset) + dataset);
    else note(form, "Stopped. Send the same file again to go on where it was.");
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

// What this server has begun to receive and not got whole.
async function onTheWay(form) {
  const found = await (await ask(form.dataset.uploads, { method: "GET" })).json();
  return found.uploads.filter((one) => !one.dataset);
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
    else if (file && file.size > LARGE && !form.elements.replaces.value) { event.preventDefault(); send(form, file); }
  });
  onTheWay(form).then(([one]) => {
    if (one && !input.files.length) note(form, `${one.name} was not sent whole: ${megabytes(one.offset)} of ${megabytes(one.length)} MB are here. Choose it again to go on.`);
  }).catch(() => {});
}
