// The small figures of metrics: which there are, their last value, and what they were at the pointer.
export class Figures {
  constructor(box, { metrics, axes }, look) {
    Object.assign(this, { box, metrics, axes, look, span: 60, events: [], known: new Map(), late: 0 });
    for (const figure of box.querySelectorAll("[data-metric]")) this.known.set(figure.dataset.metric, { figure, canvas: figure.querySelector("canvas"), metric: new metrics.Metric() });
    for (const { figure, canvas, metric } of this.known.values()) canvas.addEventListener("pointermove", (event) => this.point(figure, canvas, metric, event));
    box.addEventListener("pointerout", (event) => { if (event.target.matches("canvas")) this.seen(event.target.closest("[data-metric]"), ""); });
    for (const choice of box.querySelectorAll('input[name="span"]')) choice.addEventListener("change", () => { this.span = Number(choice.value); this.draw(); });
    box.querySelector("details")?.addEventListener("toggle", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(box);
  }

  // Values by the names of metrics, at a time in milliseconds.
  add(at, values) {
    for (const [name, value] of Object.entries(values)) this.known.get(name)?.metric.add(at, value);
    this.now = Math.max(this.now ?? 0, at);
  }

  event(at) { this.events = [...this.events, at].slice(-200); }

  // Draws at most five times a second.
  soon() {
    if (this.asked) return;
    this.asked = setTimeout(() => { this.asked = 0; this.draw(); }, Math.max(0, 200 - (performance.now() - this.late)));
  }

  draw() {
    this.late = performance.now();
    for (const { figure, canvas, metric } of this.known.values()) {
      const there = Number.isFinite(metric.last);
      if (figure.dataset.rare !== undefined) figure.hidden = !there;
      if (!there || !canvas.clientWidth) continue;
      const range = this.metrics.drawMetric(canvas, metric, this.span, this.now, this.events, this.look), last = this.axes.written(metric.last);
      figure.querySelector("[data-last]").textContent = last;
      figure.querySelector("[data-range]").textContent = range ? spread(range.map(this.axes.written)) : "nothing in this span";
      canvas.setAttribute("aria-label", `${canvas.dataset.name}, now ${last}`);
    }
    const rare = this.box.querySelector("details");
    if (rare) rare.hidden = ![...rare.querySelectorAll("[data-metric]")].some((one) => !one.hidden);
  }

  point(figure, canvas, metric, event) {
    const part = event.offsetX / canvas.clientWidth, seen = metric.tracks.get(this.span).seen(this.now);
    if (!seen.length) return;
    const near = seen.reduce((best, one) => (Math.abs(one[0] - part) < Math.abs(best[0] - part) ? one : best));
    const at = new Date(this.now - (1 - near[0]) * this.span * 1000).toISOString().slice(11, 19);
    this.seen(figure, `${at} · ${this.axes.written(near[3])}`);
  }

  seen(figure, words) { const said = figure.querySelector("[data-seen]"), range = figure.querySelector("[data-range]"); said.textContent = words; said.hidden = !words; range.hidden = Boolean(words); }
}

const spread = ([low, high]) => (low === high ? "steady" : `${low} to ${high}`);
