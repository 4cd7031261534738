// The picture of a live task: a layer of points and, over it, axes, centres and what the pointer is on.
const MARGIN = { left: 68, right: 14, top: 10, bottom: 46 };
const LINES = { text: "--text", muted: "--muted", border: "--border", line: "--line", surface: "--surface", accent: "--accent", font: "--sans" };

export class Scene {
  // `modules` are live_points, live_axes and live_centres; `names` the columns; `tell` says what the pointer is on.
  constructor(box, modules, names, { still, size, tell }) {
    const [below, above] = box.querySelectorAll("canvas");
    Object.assign(this, { box, below, above, modules, names, tell, still, zoom: null, range: null, frame: null, drawn: { points: 0, frames: 0 } });
    this.points = new modules.points.Points(size, names.length);
    this.centres = new modules.centres.Centres(still);
    this.choice = { x: 0, y: Math.min(1, names.length - 1) || modules.axes.ARRIVAL, pca: false, bubbles: false, trails: true, rooted: false };
    this.view = this.viewOf();
    this.look = this.read();
    this.fit();
    new ResizeObserver(() => { this.fit(); this.need(true); }).observe(box);
    this.follow();
  }

  viewOf() {
    const { axes } = this.modules;
    if (this.choice.pca) return axes.components(this.points, this.view?.axes ? this.view : null) ?? new axes.Columns(this.choice.x, this.choice.y);
    return new axes.Columns(this.choice.x, this.choice.y);
  }

  // The colours of the page at present, as numbers where pixels are made of them.
  read() {
    const probe = document.createElement("span"), style = getComputedStyle(this.box), look = {};
    this.box.append(probe);
    const rgb = (name) => { probe.style.color = `var(${name})`; return getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number); };
    for (const [name, token] of Object.entries(LINES)) look[name] = name === "font" ? style.getPropertyValue(token) : `rgb(${rgb(token).join(" ")})`;
    look.colours = Array.from({ length: 12 }, (_, slot) => rgb(`--slot${slot + 1}`));
    look.palette = new this.modules.points.Palette(look.colours, rgb("--noise"), rgb("--surface"));
    probe.remove();
    return look;
  }

  repaint() { this.look = this.read(); this.need(true); }

  fit() {
    const width = this.box.clientWidth, height = this.box.clientHeight, ratio = Math.min(2, devicePixelRatio || 1);
    const inner = { left: MARGIN.left, top: MARGIN.top, width: Math.max(60, width - MARGIN.left - MARGIN.right), height: Math.max(60, height - MARGIN.top - MARGIN.bottom) };
    Object.assign(this, { width, height, ratio, inner });
    this.above.width = Math.round(width * ratio);
    this.above.height = Math.round(height * ratio);
    this.below.width = Math.round(inner.width * ratio);
    this.below.height = Math.round(inner.height * ratio);
    Object.assign(this.below.style, { left: `${inner.left}px`, top: `${inner.top}px`, width: `${inner.width}px`, height: `${inner.height}px` });
    this.image = new ImageData(this.below.width, this.below.height);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  choose(change) {
    Object.assign(this.choice, change);
    this.view = this.viewOf();
    this.points.project(this.view);
    this.range = this.zoom = null;
    this.need(true);
  }

  // What the task has found: each cluster with id, slot, centre and rows.
  found(clusters, row) {
    this.slots = new Map(clusters.map((one) => [one.id, one.slot]));
    this.centres.update(clusters.map((one) => ({ ...one, row })), performance.now());
    this.need(!this.points.count);
  }

  // Takes rows; `all` are in place of those that are drawn, at most `size` of them.
  add(rows, labels, next, all, size) {
    const { points, axes } = this.modules;
    if (all) this.points = new points.Points(size, this.names.length);
    const places = this.points.add(rows, labels, next), late = this.choice.pca && !(this.view instanceof axes.Components);
    if (late) this.view = this.viewOf();
    this.points.project(this.view, late ? null : places);
    this.need(true);
  }

  need(points) {
    this.stale ||= points;
    if (!this.asked) this.asked = requestAnimationFrame(() => { this.asked = 0; this.draw(); });
  }

  draw() {
    const now = performance.now();
    if (this.stale) {
      this.range = this.modules.axes.eased(this.range, this.wanted());
      this.frame = new this.modules.axes.Frame(this.zoom ?? this.range ?? [0, 1, 0, 1], this.inner, this.choice.bubbles && this.choice.rooted);
      this.paintPoints();
      this.stale = false;
    }
    this.paintAbove(now);
    this.drawn.frames++;
    if (this.centres.moving(now)) this.need(false);
  }

  // The range of points and centres together.
  wanted() {
    const own = this.choice.bubbles ? null : this.points.range(), out = [0, 0], found = own ? [...own] : [Infinity, -Infinity, Infinity, -Infinity];
    for (const one of this.centres.known.values()) {
      this.view.place(one.to, 0, one.row, out);
      found[0] = Math.min(found[0], out[0]); found[1] = Math.max(found[1], out[0]);
      found[2] = Math.min(found[2], out[1]); found[3] = Math.max(found[3], out[1]);
    }
    return found.every(Number.isFinite) ? found : null;
  }

  paintPoints() {
    const { below, image, pixels, ratio } = this, context = below.getContext("2d");
    if (this.choice.bubbles) { context.clearRect(0, 0, below.width, below.height); return; }
    this.modules.points.paint(pixels, below.width, below.height, this.points, this.frame.enlarged(ratio), this.look.palette, this.slots ?? new Map(), Math.max(2, Math.round(2 * ratio)));
    context.putImageData(image, 0, 0);
    this.drawn.points++;
  }

  paintAbove(now) {
    const context = this.above.getContext("2d"), { centres } = this.modules;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    const nothing = !this.frame || (!this.range && !this.zoom);
    this.box.classList.toggle("drawn", !nothing);
    if (nothing) return;
    this.paintAxes(context);
    this.placed = this.centres.placed(this.view, this.frame, now);
    context.save();
    context.beginPath();
    context.rect(this.inner.left - 14, this.inner.top - 8, this.inner.width + 28, this.inner.height + 22);
    context.clip();
    if (this.choice.bubbles) {
      this.placed = centres.bubbles(this.placed, this.inner);
      centres.drawBubbles(context, this.placed, this.look);
    } else centres.drawCentres(context, this.placed, this.look, this.choice.trails);
    context.restore();
    if (this.pulled) this.paintPull(context);
  }

  paintAxes(context) {
    const { axes } = this.modules, { left, top, width, height } = this.inner, { frame, look } = this;
    context.font = `12px ${look.font}`;
    context.lineWidth = 1;
    context.strokeStyle = look.border;
    context.fillStyle = look.muted;
    const bottom = top + height;
    let last = -Infinity;
    context.textAlign = "center"; context.textBaseline = "top";
    for (const value of axes.ticks(frame.dataX(left), frame.dataX(left + width), Math.max(2, width / 110))) {
      const x = Math.round(frame.x(value)) + 0.5, words = axes.written(value), half = context.measureText(words).width / 2;
      if (x - half < last + 8 || x + half > this.width) continue;
      last = x + half;
      line(context, x, top, x, bottom);
      context.fillText(words, x, bottom + 6);
    }
    context.textAlign = "right"; context.textBaseline = "middle";
    last = Infinity;
    for (const value of axes.ticks(frame.dataY(bottom), frame.dataY(top), Math.max(2, height / 60))) {
      const y = Math.round(frame.y(value)) + 0.5;
      if (y > last - 16) continue;
      last = y;
      line(context, left, y, left + width, y);
      context.fillText(axes.written(value), left - 6, y);
    }
    this.paintTitles(context, left, bottom, width);
  }

  paintTitles(context, left, bottom, width) {
    const [x, y] = this.titles();
    context.fillStyle = this.look.text;
    context.textAlign = "center"; context.textBaseline = "bottom";
    context.fillText(cut(context, x, width), left + width / 2, this.height - 2);
    context.save();
    context.translate(12, MARGIN.top + this.inner.height / 2);
    context.rotate(-Math.PI / 2);
    context.textBaseline = "middle";
    context.fillText(cut(context, y, this.inner.height), 0, 0);
    context.restore();
  }

  titles() {
    const { axes } = this.modules;
    if (this.view instanceof axes.Components) return this.view.shares.map((share, at) => `Component ${at + 1} (${Math.round(share * 100)}% of the spread)`);
    return [this.view.x, this.view.y].map((column) => (column === axes.ARRIVAL ? "Order of arrival" : this.names[column] ?? ""));
  }

  paintPull(context) {
    const { x, y, width, height } = this.pulled;
    context.strokeStyle = this.look.accent;
    context.setLineDash([4, 3]);
    context.strokeRect(x, y, width, height);
    context.setLineDash([]);
  }

  // The pointer: what it is on is told; pulling a box with a mouse shows that part.
  follow() {
    const at = (event) => { const box = this.above.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
    this.above.addEventListener("pointermove", (event) => {
      const [x, y] = at(event);
      if (this.begun) {
        this.pulled = { x: Math.min(x, this.begun[0]), y: Math.min(y, this.begun[1]), width: Math.abs(x - this.begun[0]), height: Math.abs(y - this.begun[1]) };
        this.need(false);
      } else this.tell(this.under(x, y), x, y);
    });
    this.above.addEventListener("pointerleave", () => this.tell(null));
    this.above.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse" || event.button || this.choice.bubbles || !this.range) return;
      this.begun = at(event);
      this.above.setPointerCapture(event.pointerId);
    });
    const end = () => { const box = this.pulled; this.begun = this.pulled = null; if (box && box.width > 8 && box.height > 8) this.show(box); else this.need(false); };
    this.above.addEventListener("pointerup", end);
    this.above.addEventListener("pointercancel", end);
  }

  show({ x, y, width, height }) {
    this.zoom = [this.frame.dataX(x), this.frame.dataX(x + width), this.frame.dataY(y + height), this.frame.dataY(y)];
    this.box.dispatchEvent(new CustomEvent("zoom"));
    this.need(true);
  }

  // The cluster or the row under the pointer.
  under(x, y) {
    const on = this.placed?.findLast((one) => Math.hypot(one.x - x, one.y - y) <= (one.r ?? 12));
    if (on) return { cluster: on.cluster };
    if (this.choice.bubbles || !this.frame) return null;
    const place = this.points.nearest(x, y, this.frame);
    if (place < 0) return null;
    return { row: this.points.rowOf(place), label: this.points.labels[place], values: this.points.rows.subarray(place * this.points.dim, (place + 1) * this.points.dim) };
  }
}

function line(context, x0, y0, x1, y1) { context.beginPath(); context.moveTo(x0, y0); context.lineTo(x1, y1); context.stroke(); }

function cut(context, text, width) {
  let words = text;
  while (words.length > 1 && context.measureText(words).width > width) words = `${words.replace("…", "").slice(0, -1)}…`;
  return words;
}
