// One event stream a page. A part of the page with data-live is fetched again when something happens to what it shows.
const PAUSE = 250;
const parts = () => [...document.querySelectorAll("[data-live]")];
const events = document.querySelector("script[data-events]").dataset.events;
const cut = document.querySelector("#cut");
const due = new Map();

async function refresh(part) {
  const answer = await fetch(part.dataset.live, { headers: { Accept: "text/html" } });
  if (answer.redirected || answer.status === 205) return location.reload();
  if (!answer.ok) return;
  const text = await answer.text();
  if (text === part.dataset.last) return;
  part.dataset.last = text;
  const stops = () => [...part.querySelectorAll("a, button, input, select, summary, [tabindex]")];
  const place = stops().indexOf(document.activeElement);
  const open = [...part.querySelectorAll("details[open][id]")].map((one) => one.id);
  const typed = [...part.querySelectorAll("input[id]")].filter((one) => one.value !== one.defaultValue).map((one) => [one.id, one.value]);
  const scrolled = [...part.querySelectorAll("[tabindex][id]")].filter((one) => one.scrollTop).map((one) => [one.id, one.scrollTop]);
  part.innerHTML = text;
  const put = (id, name, value) => { const one = document.getElementById(id); if (one) one[name] = value; };
  open.forEach((id) => put(id, "open", true));
  typed.forEach(([id, value]) => put(id, "value", value));
  scrolled.forEach(([id, value]) => put(id, "scrollTop", value));
  if (place >= 0) stops()[place]?.focus();
  document.dispatchEvent(new CustomEvent("partchange", { detail: part }));
  const end = part.querySelector("[data-reload]");
  if (end) location.reload();
}

function soon(part) {
  if (due.has(part)) return;
  due.set(part, setTimeout(async () => {
    try { await refresh(part); } finally { due.delete(part); }
  }, Number(part.dataset.pause ?? PAUSE)));
}

function concerns(part, event) {
  const topics = part.dataset.topics?.split(" ") ?? [];
  return (!topics.length || topics.includes(event.topic)) && (!part.dataset.subject || part.dataset.subject === String(event.subject));
}

function watch() {
  const topics = new Set(parts().flatMap((part) => part.dataset.topics?.split(" ") ?? []));
  const subjects = new Set(parts().map((part) => part.dataset.subject ?? ""));
  const query = new URLSearchParams([...topics].map((topic) => ["topic", topic]));
  if (subjects.size === 1 && !subjects.has("")) query.set("subject", [...subjects][0]);
  const source = new EventSource(`${events}?${query}`);
  const told = (message) => { const event = JSON.parse(message.data); parts().filter((part) => concerns(part, event)).forEach(soon); };
  for (const kind of ["started", "fits", "running", "succeeded", "failed", "cancelled", "removed", "added", "finished",
    "changed", "instances", "queued", "retrying", "cancelling", "lost", "progress", "created", "state", "deleted"]) source.addEventListener(kind, told);
  source.onmessage = told;
  source.onopen = () => { cut.hidden = true; parts().forEach(soon); };
  source.onerror = () => { cut.hidden = false; cut.querySelector("span").textContent = `Not live since ${new Date().toLocaleTimeString()}. Trying again.`; };
  addEventListener("pagehide", () => source.close());
}

// What is told in times gone by, or ends without an event, is looked at again now and then.
for (const part of parts()) if (part.dataset.every) setInterval(() => { if (!document.hidden) soon(part); }, part.dataset.every * 1000);
if (parts().length) watch();
