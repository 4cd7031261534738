// The GraphQL playground: sends what is written, shows what comes back; a subscription over a WebSocket.
const form = document.querySelector("[data-playground]");
const address = new URL(form.dataset.playground, location.href);
const part = (id) => document.getElementById(id);
const [query, variables, operation, answer, state, stop] =
  ["query", "variables", "operation", "answer", "state", "stop"].map(part);
let socket = null;

const show = (value) => { answer.textContent = JSON.stringify(value, null, 2); };
const say = (text) => { state.textContent = text; };

// Returns what the variables say, or null when that is no JSON object.
function readVariables() {
  const wrong = part("variables-error"), text = variables.value.trim();
  let read = null;
  try { read = text ? JSON.parse(text) : {}; } catch { /* told below */ }
  const good = read !== null && typeof read === "object" && !Array.isArray(read);
  wrong.hidden = good;
  wrong.textContent = good ? "" : "This is not a JSON object.";
  return good ? read : null;
}

async function post(message) {
  const began = performance.now();
  const reply = await fetch(address, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(message),
  });
  const body = await reply.json();
  return { body, took: Math.round(performance.now() - began) };
}

function subscribe(message) {
  const where = new URL(address);
  where.protocol = where.protocol === "https:" ? "wss:" : "ws:";
  const opened = new WebSocket(where, "graphql-transport-ws");
  let count = 0;
  socket = opened;
  stop.disabled = false;
  opened.addEventListener("open", () => opened.send(JSON.stringify({ type: "connection_init" })));
  opened.addEventListener("message", (event) => {
    const said = JSON.parse(event.data);
    if (said.type === "connection_ack") opened.send(JSON.stringify({ id: "1", type: "subscribe", payload: message }));
    else if (said.type === "ping") opened.send(JSON.stringify({ type: "pong" }));
    else if (said.type === "next") { count += 1; show(said.payload); say(`Update ${count}.`); }
    else if (said.type === "error") { show({ errors: said.payload }); opened.close(1000); }
    else if (said.type === "complete") opened.close(1000);
  });
  opened.addEventListener("close", (event) => {
    if (socket !== opened) return;
    socket = null;
    stop.disabled = true;
    say(`${count} ${count === 1 ? "update" : "updates"}. ${event.reason || "The subscription has ended."}`);
  });
}

// Says whether the operation that is meant is a subscription; the server decides what it really is.
function isSubscription(text, name) {
  const bare = text.replace(/"""[^]*?"""|"(?:\\.|[^"\\\n])*"|#.*/g, "");
  const kinds = [...bare.matchAll(/(?:^|\})\s*(query|mutation|subscription)\b\s*(\w*)/g)];
  const meant = kinds.find((one) => one[2] === name) ?? kinds[0];
  return meant?.[1] === "subscription";
}

async function run() {
  const read = readVariables();
  if (read === null) return variables.focus();
  end();
  const message = { query: query.value, variables: read, operationName: operation.value.trim() || null };
  say("Sent.");
  if (isSubscription(query.value, operation.value.trim())) return subscribe(message);
  try {
    const { body, took } = await post(message);
    show(body);
    say(`${body.errors ? `${body.errors.length} ${body.errors.length === 1 ? "error" : "errors"}` : "Answered"} after ${took} ms.`);
  } catch {
    say("The server cannot be reached. Is it running?");
  }
}

function end() {
  socket?.close(1000);
}

function choose(at) {
  query.value = document.querySelectorAll("template[data-query]")[at].content.textContent;
  variables.value = document.querySelectorAll("template[data-variables]")[at].content.textContent;
}

form.addEventListener("submit", (event) => { event.preventDefault(); run(); });
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); }
});
stop.addEventListener("click", end);
part("example").addEventListener("change", (event) => choose(Number(event.target.value)));
import(form.dataset.schemaModule)
  .then(({ draw }) => draw(post, part("schema"), part("schema-state")))
  .catch(() => { part("schema-state").textContent = "The schema could not be loaded."; });
