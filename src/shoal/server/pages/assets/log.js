// The log of a job: follows what is written, loads what is earlier, finds words in it. The server makes the lines.
const PAUSE = 700, MOST_LINES = 6000, NEAR = 40;
const log = document.querySelector("#log");
const lines = log.querySelector("#lines");
const part = (id) => log.querySelector(`#${id}`);
const state = { attempt: log.dataset.attempt, next: Number(log.dataset.next), begin: Number(log.dataset.begin), over: log.dataset.over === "yes", follows: log.dataset.newest === "yes" && !location.search.includes("before="), held: true };
let busy = false, placed = 0;

const atEnd = () => lines.scrollHeight - lines.scrollTop - lines.clientHeight < NEAR;
const toEnd = () => { lines.scrollTop = lines.scrollHeight; placed = lines.scrollTop; };

async function fetchLines(query) {
  const answer = await fetch(`${log.dataset.log}?${new URLSearchParams(query)}`, { headers: { Accept: "text/html" } });
  if (!answer.ok) return null;
  const fragment = document.createElement("template");
  fragment.innerHTML = await answer.text();
  return { content: fragment.content, some: fragment.content.querySelector(".l") !== null, headers: answer.headers };
}

function show() {
  part("log-empty").hidden = lines.querySelector(".l") !== null;
  part("log-earlier").hidden = state.begin === 0;
  part("log-follow").hidden = state.over || state.held;
}

// Long logs would make the page slow: what went out of sight first is taken away, and can be loaded again.
function trim() {
  const all = lines.querySelectorAll(".l");
  for (let n = 0; n < all.length - MOST_LINES; n++) all[n].remove();
  if (all.length > MOST_LINES) { state.trimmed = true; }
}

async function follow() {
  if (busy || document.hidden || !state.follows) return;
  busy = true;
  try {
    for (;;) {
      const got = await fetchLines({ ...(state.attempt && { attempt: state.attempt }), offset: state.next });
      if (!got) return;
      const next = Number(got.headers.get("X-Next-Offset"));
      const moved = next > state.next;
      if (lines.scrollTop < placed && !atEnd()) state.held = false; // The event that tells of it may still be on its way.
      if (got.some) { lines.append(got.content); trim(); search(); }
      state.next = next;
      state.over = got.headers.get("X-Log-Over") !== null;
      const cut = got.headers.get("X-Log-Cut");
      if (cut) { part("log-cut").hidden = false; part("log-cut").querySelector("span").textContent = cut; }
      if (state.held && got.some) toEnd();
      show();
      if (!moved || state.over) return;
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // The connection is lost: the page says so, and this tries again.
  } finally { busy = false; }
}

async function earlier(event) {
  event.preventDefault();
  if (state.trimmed) { location.href = event.target.href; return; }
  const before = lines.scrollHeight;
  const got = await fetchLines({ ...(state.attempt && { attempt: state.attempt }), before: state.begin });
  if (!got) return;
  lines.prepend(got.content);
  state.begin = Number(got.headers.get("X-Begin-Offset"));
  state.held = false;
  lines.scrollTop = lines.scrollHeight - before;
  show();
  search();
}

// A new attempt has a log of its own, which begins at its beginning.
function newAttempt() {
  const now = document.querySelector("#now [data-fence]");
  if (!now || !state.follows || now.dataset.fence === "0") return;
  if (now.dataset.fence !== state.attempt) {
    Object.assign(state, { attempt: now.dataset.fence, next: 0, begin: 0, over: false, held: true, trimmed: false });
    lines.replaceChildren();
    part("log-cut").hidden = true;
  }
  follow();
}

// Searching paints what is found, without changing the lines.
const field = part("log-search");
let found = [], place = 0;
function search() {
  const words = field.value.toLowerCase();
  found = [];
  if (words) {
    const walker = document.createTreeWalker(lines, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.data.toLowerCase();
      for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + words.length)) {
        const range = new Range();
        range.setStart(node, at);
        range.setEnd(node, at + words.length);
        found.push(range);
      }
    }
  }
  place = Math.min(place, Math.max(found.length - 1, 0));
  paint(false);
}
function paint(go) {
  const partly = state.begin > 0 || state.trimmed ? " in what is loaded" : "";
  part("log-found").textContent = field.value ? `${found.length ? place + 1 : 0} of ${found.length}${partly}` : "";
  part("log-previous").hidden = part("log-after").hidden = found.length < 2;
  if (globalThis.Highlight) {
    CSS.highlights.set("found", new Highlight(...found));
    CSS.highlights.set("here", new Highlight(...found.slice(place, place + 1)));
  }
  if (go && found[place]) {
    state.held = false;
    const line = found[place].startContainer.parentElement.closest(".l");
    lines.scrollTop = line.offsetTop - lines.offsetTop - lines.clientHeight / 2;
    show();
  }
}
function step(by) { if (found.length) { place = (place + by + found.length) % found.length; paint(true); } }
field.addEventListener("input", () => { place = 0; search(); paint(true); });
field.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); step(event.shiftKey ? -1 : 1); } });
part("log-after").addEventListener("click", () => step(1));
part("log-previous").addEventListener("click", () => step(-1));

for (const radio of log.querySelectorAll('[name="stream"]')) radio.addEventListener("change", () => {
  lines.classList.toggle("only-o", radio.value === "o");
  lines.classList.toggle("only-e", radio.value === "e");
});
part("log-wrap").addEventListener("change", (event) => lines.classList.toggle("wrap", event.target.checked));
part("log-times").addEventListener("change", (event) => lines.classList.toggle("times", event.target.checked));
part("log-earlier").querySelector("a").addEventListener("click", earlier);
part("log-follow").querySelector("button").addEventListener("click", () => { state.held = true; toEnd(); show(); lines.focus(); });
lines.addEventListener("scroll", () => { state.held = atEnd(); show(); });
document.addEventListener("keydown", (event) => {
  if (event.key !== "f" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  state.held = true; toEnd(); show();
});
document.addEventListener("partchange", newAttempt);
log.querySelector(".log-bar").hidden = false;
toEnd();
show();
setInterval(() => { if (!state.over) follow(); }, PAUSE);
