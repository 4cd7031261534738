// Draws the figures of a study's album: one legend for all, axes to choose, rows to choose, files to take along.
(() => {
  const report = document.querySelector("[data-report]");
  if (!report || !report.querySelector("[data-figure]")) return;
  const { parsed, dark, make, save, saveTable, listRows } = globalThis.shoalReport;
  const all = (selector, at = report) => [...at.querySelectorAll(selector)];
  const PAPER = 600; // the width of a figure on paper
  const TALL = 460;
  const BETWEEN = 0.8;
  const CRITERIA = { bic: "BIC", aic: "AIC", icl: "ICL" };
  const state = { hidden: new Set(), x: "", y: "", mode: "", criterion: "bic", on: new Set(), zoom: null, box: null };
  const figures = new Map();
  let album = null;
  let paper = false;

  // Everything inside a description, whatever it is nested in.
  function walk(node, visit) {
    if (Array.isArray(node)) node.forEach((one) => walk(one, visit));
    else if (node && typeof node === "object") { visit(node); Object.values(node).forEach((one) => walk(one, visit)); }
  }

  // Data stand in columns; each figure gets rows of its own, for Vega writes into them.
  function rowsOf(name) {
    const columns = album.data[name] ?? {};
    const names = Object.keys(columns);
    return (columns[names[0]] ?? []).map((_, at) => Object.fromEntries(names.map((field) => [field, columns[field][at]])));
  }

  const columnOf = (field) => album.columns.find((one) => one.field === field)?.name ?? "";

  function chooseAxes(spec) {
    walk(spec, (node) => {
      if (node.calculate && (node.as === "x" || node.as === "y")) node.calculate = `datum.${state[node.as]}`;
      for (const axis of ["x", "y"]) if (node[axis]?.field === axis && node[axis].axis && columnOf(state[axis])) node[axis].axis.title = columnOf(state[axis]);
    });
  }

  // The large plot of another shape is that shape's panel with all rows.
  function large(spec) {
    const mode = album.modes.find((one) => one.field === state.mode);
    const panel = mode && !mode.best && figures.get("clusters")?.entry.spec.concat?.find((one) => one.title === mode.title);
    const { title, ...rest } = panel ? structuredClone(panel) : { ...spec };
    const chosen = { ...spec, ...rest, width: spec.width, height: spec.height };
    walk(chosen.layer, (node) => { if (node.transform) node.transform = node.transform.filter((one) => !one.window && !String(one.filter).startsWith("datum.n <=")); });
    if (album.small && chosen.layer[0].mark) chosen.layer[0].mark.size = 9;
    if (state.zoom) {
      Object.assign(chosen.layer[0].encoding.x, { scale: { domain: state.zoom.x, nice: false, zero: false } });
      Object.assign(chosen.layer[0].encoding.y, { scale: { domain: state.zoom.y, nice: false, zero: false } });
      chosen.layer.forEach((one) => { one.mark.clip = true; });
    }
    chosen.layer[0].params = [{ name: "brush", select: { type: "interval", encodings: ["x", "y"] } }];
    return chosen;
  }

  function chooseCriterion(spec) {
    const own = state.on.has("own");
    if (own) spec.resolve.scale.y = "independent";
    const chosen = state.criterion;
    if (chosen === "bic") return;
    walk(spec, (node) => {
      if (typeof node.field === "string") node.field = node.field.replace(/^bic/, chosen);
      if (typeof node.title === "string" && node.title.startsWith("BIC")) node.title = node.title.replace("BIC", CRITERIA[chosen]);
      // No interval is known for ICL.
      if (chosen === "icl" && node.layer) node.layer = node.layer.filter((one) => one.mark.style !== "band");
      if (chosen === "icl" && Array.isArray(node.tooltip)) node.tooltip = node.tooltip.filter((one) => one.field !== "icl_told" && one.field !== "bic_told");
    });
  }

  function orderAlike(spec) {
    if (!state.on.has("near")) return;
    walk(spec, (node) => {
      if (node.sort?.field === "right") node.sort.field = "near_b";
      if (node.sort?.field === "left") node.sort.field = "near_a";
    });
  }

  function fitPanels(spec, width) {
    const most = width >= 860 ? 4 : width >= 480 ? 2 : 1;
    spec.columns = Math.min(spec.columns ?? 3, most);
    const room = spec.concat.some((one) => one.width < 250) && spec.columns > 2 ? 62 : 74;
    const across = Math.floor((width - (spec.spacing ?? 20) * (spec.columns - 1)) / spec.columns) - room;
    for (const panel of spec.concat) {
      const tall = panel.height * Math.min(1, Math.max(0.7, across / panel.width));
      panel.width = across;
      panel.height = Math.round(tall);
    }
  }

  function fit(name, spec, width, entry) {
    if (spec.concat) return fitPanels(spec, width);
    if (name === "correlation") {
      const step = Math.max(10, Math.min(56, Math.floor((width - 190) / Math.sqrt(entry.table.rows.length))));
      spec.width = { step };
      spec.height = { step };
      return;
    }
    const inner = Math.max(160, width - 66);
    if (name === "profiles") { spec.width = Math.max(140, width - (width < 480 ? 110 : 160)); return; }
    if (name === "components" || name === "places") {
      const scale = Math.min(inner / spec.width, TALL / spec.height);
      Object.assign(spec, { width: Math.round(spec.width * scale), height: Math.round(spec.height * scale) });
      return;
    }
    if (name === "cluster") spec.height = Math.max(300, Math.min(spec.height, Math.round(inner * 0.75)));
    spec.width = width;
    spec.autosize = { type: "fit-x", contains: "padding" };
  }

  function described({ name, entry }, width) {
    let spec = structuredClone(entry.spec);
    if (name === "cluster") spec = large(spec);
    if (name === "cluster" || name === "clusters") chooseAxes(spec);
    if (name === "scores") chooseCriterion(spec);
    if (name === "correlation") orderAlike(spec);
    for (const one of spec.params ?? []) {
      if (one.name === "hidden") one.value = [...state.hidden];
      if (one.name === "arrows") one.value = state.on.has("arrows");
    }
    fit(name, spec, width, entry);
    if (paper && !spec.concat && typeof spec.height === "number" && name !== "components" && name !== "places") spec.height = Math.round(spec.height * 0.75);
    const used = new Set();
    walk(spec, (node) => { if (node.data?.name) used.add(node.data.name); });
    spec.datasets = Object.fromEntries([...used].map((one) => [one, rowsOf(one)]));
    return spec;
  }

  function looks(width) {
    const config = { ...album.config[dark() && !paper ? "dark" : "light"], aria: false };
    if (width < 480) config.axis = { ...config.axis, labelLimit: 84, titleLimit: Math.max(120, width - 40), labelFontSize: 11 };
    return config;
  }

  const embed = (at, spec, width) => vegaEmbed(at, spec, { mode: "vega-lite", ast: true, renderer: "svg", actions: false, logLevel: 1, config: looks(width) });

  async function draw(figure) {
    const width = paper ? PAPER : figure.plot.clientWidth;
    if (!album || width < 50) return;
    const turn = ++figure.turn;
    figure.width = width;
    const at = make("div", { "aria-hidden": "true" });
    try {
      const drawn = await embed(at, described(figure, width), width);
      if (turn !== figure.turn) return void drawn.finalize();
      figure.drawn?.finalize();
      figure.drawn = drawn;
      figure.plot.style.removeProperty("min-height");
      figure.plot.replaceChildren(at);
      if (figure.name === "cluster") drawn.view.addSignalListener("brush", (_, box) => boxed(box));
    } catch (error) {
      if (turn !== figure.turn) return;
      console.error(error);
      figure.plot.style.removeProperty("min-height");
      figure.plot.replaceChildren(make("p", { class: "trouble" }, "This browser could not draw the figure. Its numbers are in the table below."));
      figure.at.querySelector("details.as-table")?.setAttribute("open", "");
    }
  }
  const redraw = (...names) => Promise.all([...figures.values()].filter((one) => one.drawn && (!names.length || names.includes(one.name))).map(draw));

  // The legend: every cluster a button that hides it in every figure.
  function offerLegend() {
    for (const item of all("[data-legend] [data-slot]")) {
      const slot = Number(item.dataset.slot);
      const button = make("button", { type: "button", "aria-pressed": "true" }, ...item.childNodes);
      item.append(button);
      button.addEventListener("click", () => {
        const hide = !state.hidden.has(slot);
        state.hidden[hide ? "add" : "delete"](slot);
        button.setAttribute("aria-pressed", String(!hide));
        for (const row of all(`tr[data-cluster="${slot}"]`)) row.hidden = hide;
        for (const { drawn, entry } of figures.values()) if (drawn && entry.spec.params?.some((one) => one.name === "hidden")) drawn.view.signal("hidden", [...state.hidden]).runAsync();
      });
    }
  }

  // Rows that are chosen: those in a box, or those between clusters.
  function tableOf(inside) {
    const rows = album.data.rows;
    const used = album.columns.filter((one) => one.used && rows[one.field]).slice(0, 12);
    const fields = ["row", state.mode, ...used.map((one) => one.field), ...(rows.certainty ? ["certainty"] : [])];
    const columns = ["Row", "Cluster", ...used.map((one) => one.name), ...(rows.certainty ? ["Certainty"] : [])];
    const found = rows.row.map((_, at) => at).filter(inside).sort((a, b) => rows.row[a] - rows.row[b]);
    return { columns, rows: found.map((at) => fields.map((field) => rows[field]?.[at] ?? null)) };
  }
  const drawnOnly = () => (album.drawn < album.rows ? ` of the ${album.drawn.toLocaleString("en-US")} drawn` : "");
  const count = (number) => `${number.toLocaleString("en-US")} ${number === 1 ? "row" : "rows"}${drawnOnly()}`;

  let waiting = 0;
  function boxed(box) {
    state.box = box?.x && box?.y ? { x: [...box.x].sort((a, b) => a - b), y: [...box.y].sort((a, b) => a - b) } : null;
    clearTimeout(waiting);
    waiting = setTimeout(showBoxed, 150);
  }
  function showBoxed() {
    const { box } = state;
    for (const button of all("[data-zoom]")) button.disabled = !box;
    for (const button of all("[data-reset]")) button.disabled = !box && !state.zoom;
    const at = report.querySelector("[data-rows]");
    if (!box) { at.hidden = true; return; }
    const rows = album.data.rows;
    const within = (value, [low, high]) => value !== null && value >= low && value <= high;
    const table = tableOf((place) => within(rows[state.x][place], box.x) && within(rows[state.y][place], box.y) && !state.hidden.has(rows[state.mode][place]));
    listRows(at, `${count(table.rows.length)} in the box.`, table);
  }
  function zoom(to) {
    state.zoom = to;
    state.box = null;
    redraw("cluster");
    showBoxed();
  }

  function chooseMode() {
    const mode = album.modes.find((one) => one.field === state.mode);
    const said = figures.get("cluster")?.at.querySelector("[data-sentence]");
    if (said && mode) said.textContent = `${mode.title}.`;
    zoom(null);
  }

  function offerChoices() {
    for (const choice of all("[data-axis]")) {
      choice.value = state[choice.dataset.axis];
      choice.addEventListener("change", () => { state[choice.dataset.axis] = choice.value; zoom(null); redraw("clusters"); });
    }
    for (const choice of all("[data-mode]")) { choice.value = state.mode; choice.addEventListener("change", () => { state.mode = choice.value; chooseMode(); }); }
    for (const choice of all("[data-criterion]")) { choice.value = "bic"; choice.addEventListener("change", () => { state.criterion = choice.value; redraw("scores"); }); }
    for (const choice of all("[data-switch]")) {
      choice.checked = false;
      choice.addEventListener("change", () => { state.on[choice.checked ? "add" : "delete"](choice.dataset.switch); redraw(choice.closest("[data-figure]").dataset.figure); });
    }
    all("[data-zoom]").forEach((button) => button.addEventListener("click", () => zoom(state.box)));
    all("[data-reset]").forEach((button) => button.addEventListener("click", () => zoom(null)));
    all("[data-between]").forEach((button) => button.addEventListener("click", () => {
      const best = album.modes.find((one) => one.best)?.field;
      const kept = state.mode;
      state.mode = best ?? kept;
      const table = tableOf((at) => album.data.rows.certainty?.[at] < BETWEEN);
      state.mode = kept;
      listRows(report.querySelector("[data-rows-between]"), `${count(table.rows.length)} with a certainty below 80%.`, table);
    }));
  }

  async function take(figure, form) {
    const { entry, name } = figure;
    if (form === "csv") return saveTable(entry.table, "csv", name);
    const spec = described(figure, 960);
    spec.title = { text: entry.heading, subtitle: [figure.at.querySelector("[data-sentence]").textContent, entry.caption].filter(Boolean), fontSize: 17, anchor: "start", offset: 16 };
    spec.padding = 16;
    if (form === "json") return save(JSON.stringify({ ...spec, config: looks(960) }), "application/json", `${name}.json`);
    const drawn = await embed(make("div"), spec, 960);
    if (form === "svg") save(await drawn.view.toSVG(), "image/svg+xml", `${name}.svg`);
    else (await drawn.view.toCanvas(2)).toBlob((blob) => save(blob, "image/png", `${name}.png`));
    drawn.finalize();
  }

  function offerTools() {
    for (const tool of all("[data-chooser], .switch, [data-export]")) tool.hidden = false;
    for (const button of all("[data-export]")) button.addEventListener("click", () => take(figures.get(button.closest("[data-figure]").dataset.figure), button.dataset.export));
  }

  const near = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      draw(figures.get(target.closest("[data-figure]").dataset.figure));
    }
  }, { rootMargin: "600px" });

  function begin(found) {
    album = found;
    const axes = album.figures.find((one) => one.name === "cluster")?.axes ?? {};
    Object.assign(state, { x: axes.x ?? "c0", y: axes.y ?? "c1", mode: album.modes.find((one) => one.best)?.field ?? album.modes[0]?.field ?? "" });
    for (const at of all("[data-figure]")) {
      const entry = album.figures.find((one) => one.name === at.dataset.figure);
      if (!entry) continue;
      const plot = at.querySelector(".plot");
      const wide = Number(plot.dataset.width);
      plot.setAttribute("role", "img");
      plot.setAttribute("aria-label", `${entry.heading}. ${entry.sentence}`);
      plot.style.minHeight = `${Math.round(Number(plot.dataset.height) * Math.min(1, Math.max(0.4, plot.clientWidth / wide || 1)))}px`;
      figures.set(entry.name, { name: entry.name, at, entry, plot, drawn: null, turn: 0, width: 0 });
      near.observe(plot);
    }
    offerLegend();
    offerChoices();
    offerTools();
  }

  let settling = 0;
  addEventListener("resize", () => {
    clearTimeout(settling);
    settling = setTimeout(() => { if (!paper) for (const one of figures.values()) if (one.drawn && Math.abs(one.plot.clientWidth - one.width) > 8) draw(one); }, 200);
  });
  document.addEventListener("themechange", () => redraw());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw());
  // Paper is light and narrow, and has figures that nobody has scrolled to.
  addEventListener("beforeprint", () => {
    paper = true;
    for (const one of figures.values()) if (one.plot.clientWidth) draw(one);
  });
  addEventListener("afterprint", () => { paper = false; redraw(); });

  const source = report.dataset.album;
  const here = parsed("album");
  if (here) begin(here);
  else if (source) fetch(source).then((answer) => { if (!answer.ok) throw new Error(`${answer.status}`); return answer.json(); }).then(begin).catch((error) => console.error(error));
})();
