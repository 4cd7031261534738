// The points under the centres: a ring of the newest rows, and how they are put on pixels. Nothing here touches the page.
const AGES = 16;

// A seeded order, so that no cluster always hides another, and the same picture is drawn twice.
export function shuffled(size, seed = 1) {
  const order = Uint32Array.from({ length: size }, (_, place) => place);
  let state = seed >>> 0;
  for (let last = size - 1; last > 0; last--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((state / 4294967296) * (last + 1));
    const kept = order[last];
    order[last] = order[other];
    order[other] = kept;
  }
  return order;
}

export class Points {
  constructor(size, dim) {
    this.size = size; this.dim = dim;
    this.rows = new Float32Array(size * dim);
    this.labels = new Int32Array(size);
    this.across = new Float32Array(size);
    this.up = new Float32Array(size);
    this.order = shuffled(size);
    this.count = this.head = this.next = 0;
  }

  // The number of the row in a place of the ring.
  rowOf(place) { return this.next - 1 - this.ageOf(place); }

  // How many rows came after the one in a place.
  ageOf(place) { return (this.head - 1 - place + this.size) % this.size; }

  // Takes the rows before row number `next`; of more than fit, the newest stay. Returns the places that changed.
  add(rows, labels, next) {
    const given = labels.length, taken = Math.min(given, this.size), from = given - taken, places = new Uint32Array(taken);
    for (let one = 0; one < taken; one++) {
      const place = (this.head + one) % this.size;
      this.labels[place] = labels[from + one];
      this.rows.set(rows.subarray((from + one) * this.dim, (from + one + 1) * this.dim), place * this.dim);
      places[one] = place;
    }
    this.head = (this.head + taken) % this.size;
    this.count = Math.min(this.size, this.count + taken);
    this.next = next;
    return places;
  }

  // Where points stand, once for each change of axes: `view.place(rows, offset, row, out)` writes two numbers into `out`.
  project(view, places = null) {
    const out = [0, 0];
    for (let one = 0, many = places ? places.length : this.count; one < many; one++) {
      const place = places ? places[one] : one;
      view.place(this.rows, place * this.dim, this.rowOf(place), out);
      this.across[place] = out[0];
      this.up[place] = out[1];
    }
  }

  // The range of what was projected, without the outermost rows: [left, right, bottom, top].
  range(most = 4000) {
    if (!this.count) return null;
    const step = Math.max(1, Math.floor(this.count / most)), across = [], up = [];
    for (let place = 0; place < this.count; place += step) {
      if (Number.isFinite(this.across[place] + this.up[place])) { across.push(this.across[place]); up.push(this.up[place]); }
    }
    if (!across.length) return null;
    across.sort((a, b) => a - b);
    up.sort((a, b) => a - b);
    const cut = Math.floor(across.length * 0.002), last = across.length - 1 - cut;
    return [across[cut], across[last], up[cut], up[last]];
  }

  // The place of the row nearest to a point of the picture within some pixels, or -1.
  nearest(x, y, frame, within = 6) {
    let best = within * within, found = -1;
    for (let place = 0; place < this.count; place++) {
      const dx = frame.x(this.across[place]) - x, dy = frame.y(this.up[place]) - y, distance = dx * dx + dy * dy;
      if (distance < best) { best = distance; found = place; }
    }
    return found;
  }
}

// Colours by slot and age as the 32-bit words of a picture: old points fade towards what lies under them.
export class Palette {
  constructor(colours, noise, under) {
    this.words = [noise, ...colours].map((colour, slot) => {
      const words = new Uint32Array(AGES);
      for (let age = 0; age < AGES; age++) words[age] = word(mixed(colour, under, (slot ? 0.78 : 0.6) * (age / (AGES - 1)) ** 1.5));
      return words;
    });
  }

  // The colours for each label: `slots` is a Map of cluster ids to slots from 1.
  of(label, slots) {
    const slot = slots.get(label);
    return this.words[slot === undefined ? 0 : ((slot - 1) % (this.words.length - 1)) + 1];
  }
}

function mixed(colour, under, part) { return colour.map((value, at) => Math.round(value + (under[at] - value) * part)); }

function word([red, green, blue]) { return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0; }

// Paints `side` x `side` pixels for each point; what lies outside is left out. `slots` as in Palette.of.
export function paint(pixels, width, height, points, frame, palette, slots, side = 2) {
  pixels.fill(0);
  const { across, up, labels, order, count, size } = points, known = new Map();
  const { scaleX, scaleY, moveX, moveY } = frame.linear(), faded = (AGES - 1) / Math.max(1, count - 1);
  for (let turn = 0; turn < size; turn++) {
    const place = order[turn];
    if (place >= count) continue;
    const x = Math.round(across[place] * scaleX + moveX), y = Math.round(up[place] * scaleY + moveY);
    if (!(x >= 0 && y >= 0 && x <= width - side && y <= height - side)) continue;
    const label = labels[place];
    let words = known.get(label);
    if (!words) known.set(label, words = palette.of(label, slots));
    const colour = words[Math.floor(points.ageOf(place) * faded)];
    for (let row = 0, at = y * width + x; row < side; row++, at += width) for (let one = 0; one < side; one++) pixels[at + one] = colour;
  }
}
