// The schema as the server tells it: each type opens to its fields.
const TYPE = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";
const QUESTION = `{ __schema { types { kind name description
  fields { name description type { ${TYPE} } args { name description type { ${TYPE} } } }
  inputFields { name description type { ${TYPE} } } } } }`;
const FIRST = ["Query", "Mutation", "Subscription"];

function written(type) {
  if (type.kind === "NON_NULL") return `${written(type.ofType)}!`;
  return type.kind === "LIST" ? `[${written(type.ofType)}]` : type.name;
}

function signature(field) {
  const args = (field.args ?? []).map((one) => `${one.name}: ${written(one.type)}`).join(", ");
  return `${field.name}${args && `(${args})`}: ${written(field.type)}`;
}

function made(name, text, ...inside) {
  const element = document.createElement(name);
  if (text) element.textContent = text;
  element.append(...inside);
  return element;
}

function drawn(type) {
  const fields = type.fields ?? type.inputFields ?? [];
  const lines = fields.flatMap((field) =>
    [made("dt", signature(field)), ...(field.description ? [made("dd", field.description)] : [])]);
  const about = type.description ? [made("p", type.description)] : [];
  const list = lines.length ? [made("dl", "", ...lines)] : [];
  const details = made("details", "", made("summary", type.name), ...about, ...list);
  details.open = type.name === FIRST[0];
  return details;
}

const place = (type) => (FIRST.includes(type.name) ? FIRST.indexOf(type.name) : FIRST.length);

export async function draw(post, target, state) {
  const { body } = await post({ query: QUESTION });
  const types = body.data.__schema.types.filter((type) => !type.name.startsWith("__"));
  types.sort((a, b) => place(a) - place(b) || a.name.localeCompare(b.name));
  target.replaceChildren(...types.map(drawn));
  state.textContent = `${types.length} types.`;
}
