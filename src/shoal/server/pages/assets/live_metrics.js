// Metrics over time: one small picture each over the same span, with the smallest and the largest value of every step kept.
export const STEPS = 600;
export const SPANS = [60, 600, 3600];

// What one metric was over a span of seconds: of each step [low, high, last].
export class Track {
  constructor(span) { this.width = (span * 1000) / STEPS; this.steps = new Map(); }

  // `at` is in milliseconds.
  add(at, value) {
    const step = Math.floor(at / this.width), old = this.steps.get(step);
    if (old) { old[0] = Math.min(old[0], value); old[1] = Math.max(old[1], value); old[2] = value; return; }
    this.steps.set(step, [value, value, value]);
    if (this.steps.size > 2 * STEPS) this.forget(step);
  }

  forget(newest) { for (const step of this.steps.keys()) if (step <= newest - STEPS) this.steps.delete(step); }

  // The steps of the span that ends at `now`: [[part of the span, low, high, last], ...].
  seen(now) {
    const last = Math.floor(now / this.width), found = [];
    for (const [step, values] of this.steps) if (step > last - STEPS && step <= last) found.push([(step - (last - STEPS)) / STEPS, ...values]);
    return found.sort((a, b) => a[0] - b[0]);
  }
}

export class Metric {
  constructor() { this.tracks = new Map(SPANS.map((span) => [span, new Track(span)])); this.last = NaN; }
  add(at, value) {
    if (!Number.isFinite(value)) return;
    this.last = value;
    for (const track of this.tracks.values()) track.add(at, value);
  }
}

// Draws one metric on its canvas; returns the range that it covers, or null. `events` are times in milliseconds.
export function drawMetric(canvas, metric, span, now, events, look) {
  const ratio = Math.min(2, devicePixelRatio || 1), width = canvas.clientWidth, height = canvas.clientHeight, context = canvas.getContext("2d");
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) { canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio); }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const seen = metric.tracks.get(span).seen(now);
  drawEvents(context, events, span, now, width, height, look);
  if (!seen.length) return null;
  const low = Math.min(...seen.map((one) => one[1])), high = Math.max(...seen.map((one) => one[2])), room = (high - low || Math.abs(high) || 1) * 0.08;
  const y = (value) => height - 3 - ((value - low + room) / (high - low + 2 * room)) * (height - 6), gap = 20 / STEPS;
  context.strokeStyle = look.accent;
  context.lineWidth = 1.5;
  context.lineJoin = "round";
  context.beginPath();
  seen.forEach(([part, least, most, last], place) => {
    const x = part * width, apart = place === 0 || part - seen[place - 1][0] > Math.max(gap, 2500 / (span * 1000));
    if (apart) context.moveTo(x, y(least));
    else context.lineTo(x, y(least));
    context.lineTo(x, y(most));
    context.lineTo(x + 0.5, y(last));
  });
  context.stroke();
  return [low, high];
}

function drawEvents(context, events, span, now, width, height, look) {
  context.strokeStyle = look.line;
  context.lineWidth = 1;
  context.beginPath();
  for (const at of events) {
    const part = 1 - (now - at) / (span * 1000);
    if (part < 0 || part > 1) continue;
    const x = Math.round(part * width) + 0.5;
    context.moveTo(x, 0);
    context.lineTo(x, height);
  }
  context.stroke();
}
