// From columns to pixels: which two numbers of a row are drawn, principal components, scales and their ticks.
export const ARRIVAL = -1;

// Two columns of a row; ARRIVAL stands for the number of the row.
export class Columns {
  constructor(x, y) { this.x = x; this.y = y; }
  place(rows, offset, row, out) {
    out[0] = this.x === ARRIVAL ? row : rows[offset + this.x];
    out[1] = this.y === ARRIVAL ? row : rows[offset + this.y];
  }
}

// Two directions in all columns, each scaled by its column's spread so that units do not decide.
export class Components {
  constructor(mean, spread, axes, shares) { Object.assign(this, { mean, spread, axes, shares }); }
  place(rows, offset, _row, out) {
    let first = 0, second = 0;
    for (let column = 0; column < this.mean.length; column++) {
      const value = (rows[offset + column] - this.mean[column]) / this.spread[column];
      first += value * this.axes[0][column];
      second += value * this.axes[1][column];
    }
    out[0] = first;
    out[1] = second;
  }
}

// The two components with the largest spread, by power iteration over a sample; `before` keeps their signs.
export function components(points, before = null) {
  const { dim, count, rows } = points, many = Math.min(count, Math.max(200, Math.floor(40000 / dim))), step = Math.max(1, Math.floor(count / Math.max(1, many)));
  const sample = [];
  for (let place = 0; place < count && sample.length < many; place += step) {
    const one = Float64Array.from(rows.subarray(place * dim, (place + 1) * dim));
    if (one.every(Number.isFinite)) sample.push(one);
  }
  if (dim < 2 || sample.length < 3) return null;
  const { mean, spread } = standardised(sample, dim);
  const total = sample.reduce((sum, one) => sum + dot(one, one), 0), axes = [], shares = [];
  for (let which = 0; which < 2; which++) {
    const axis = strongest(sample, dim, which);
    if (before && dot(axis, before.axes[which]) < 0) axis.forEach((value, at) => { axis[at] = -value; });
    shares.push(total ? remove(sample, axis) / total : 0);
    axes.push(axis);
  }
  return new Components(mean, spread, axes, shares);
}

function standardised(sample, dim) {
  const mean = new Float64Array(dim), spread = new Float64Array(dim);
  for (let column = 0; column < dim; column++) {
    for (const one of sample) mean[column] += one[column] / sample.length;
    for (const one of sample) spread[column] += (one[column] - mean[column]) ** 2 / sample.length;
    spread[column] = Math.sqrt(spread[column]) || 1;
    for (const one of sample) one[column] = (one[column] - mean[column]) / spread[column];
  }
  return { mean, spread };
}

function strongest(sample, dim, which) {
  let axis = Float64Array.from({ length: dim }, (_, column) => 1 + ((column * 7 + which * 3) % 5) / 10);
  for (let turn = 0; turn < 100; turn++) {
    const sum = new Float64Array(dim);
    for (const one of sample) { const part = dot(one, axis); for (let column = 0; column < dim; column++) sum[column] += part * one[column]; }
    const length = Math.sqrt(dot(sum, sum));
    if (!length) return axis.map((value) => value / Math.sqrt(dot(axis, axis)));
    const next = sum.map((value) => value / length), same = Math.abs(dot(next, axis));
    axis = next;
    if (turn && same > 1 - 1e-9) break;
  }
  const largest = axis.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  return largest < 0 ? axis.map((value) => -value) : axis;
}

// Takes a direction out of the sample and returns how much spread was in it.
function remove(sample, axis) {
  let sum = 0;
  for (const one of sample) { const part = dot(one, axis); sum += part * part; for (let column = 0; column < one.length; column++) one[column] -= part * axis[column]; }
  return sum;
}

function dot(a, b) { let sum = 0; for (let at = 0; at < a.length; at++) sum += a[at] * b[at]; return sum; }

const root = (value) => Math.sign(value) * Math.sqrt(Math.abs(value));
const square = (value) => Math.sign(value) * value * value;

// Where data lie in a picture: `range` is [left, right, bottom, top] in data units, `inner` the place for them in pixels.
export class Frame {
  constructor(range, inner, rooted = false) {
    this.inner = inner; this.rooted = rooted; this.range = range;
    const [left, right, bottom, top] = rooted ? range.map(root) : range;
    this.scaleX = inner.width / (right - left || 1);
    this.scaleY = -inner.height / (top - bottom || 1);
    this.moveX = inner.left - left * this.scaleX;
    this.moveY = inner.top + inner.height - bottom * this.scaleY;
  }
  x(value) { return (this.rooted ? root(value) : value) * this.scaleX + this.moveX; }
  y(value) { return (this.rooted ? root(value) : value) * this.scaleY + this.moveY; }
  dataX(pixel) { const value = (pixel - this.moveX) / this.scaleX; return this.rooted ? square(value) : value; }
  dataY(pixel) { const value = (pixel - this.moveY) / this.scaleY; return this.rooted ? square(value) : value; }
  linear() { return this; }
  // The same frame on a picture with more pixels, whose corner is at the inner part's.
  enlarged(ratio) {
    const { scaleX, scaleY, moveX, moveY, inner } = this;
    return { linear: () => ({ scaleX: scaleX * ratio, scaleY: scaleY * ratio, moveX: (moveX - inner.left) * ratio, moveY: (moveY - inner.top) * ratio }) };
  }
}

// Round numbers between two, about so many.
export function ticks(low, high, about = 6) {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [];
  const rough = span / about, power = 10 ** Math.floor(Math.log10(rough)), step = power * ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9 && found.length < 50; at++) found.push(Number((at * step).toPrecision(12)));
  return found;
}

// A number as pages write it, with a real minus sign.
export function written(value) {
  if (!Number.isFinite(value)) return "";
  const size = Math.abs(value);
  const text = size && (size >= 1e6 || size < 1e-4) ? value.toExponential(2).replace(/\.?0+e/, "e").replace("e+", "e") : value.toLocaleString("en", { maximumSignificantDigits: 4 });
  return text.replaceAll("-", "−");
}

// The range to show next: what is new is let in at once, what is empty is given up slowly, so that nothing jumps.
export function eased(now, wanted, slow = 0.15) {
  if (!wanted) return now;
  const room = (low, high) => ((high - low) || Math.abs(high) || 1) * 0.06;
  const [left, right, bottom, top] = wanted, x = room(left, right), y = room(bottom, top), roomy = [left - x, right + x, bottom - y, top + y];
  if (!now) return roomy;
  const outer = [left, right, bottom, top], signs = [-1, 1, -1, 1];
  return now.map((value, side) => ((outer[side] - value) * signs[side] > 0 ? roomy[side] : value + (roomy[side] - value) * slow));
}
