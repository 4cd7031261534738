// Centres on the picture: they glide, leave a trail and carry their number; or stand as bubbles, area = rows.
const TRAIL = 20, GLIDE = 200, STEP = 400;

export class Centres {
  constructor(still) { this.still = still; this.known = new Map(); }

  // `clusters` have id, slot, centre, rows; `now` is in milliseconds.
  update(clusters, now) {
    const next = new Map();
    for (const cluster of clusters) {
      const old = this.known.get(cluster.id), to = Float64Array.from(cluster.centre);
      const same = old && old.to.length === to.length, moved = same && to.some((value, at) => value !== old.to[at]);
      const one = { cluster, to, from: same ? (moved ? this.at(old, now) : old.from) : to, since: moved || !same ? now : old.since, trail: same ? old.trail : [], step: same ? old.step : now, row: cluster.row };
      // A step of the trail is some time, not an update: with ten a second it would be too short to see.
      if (moved && (now - old.step >= STEP || !one.trail.length)) { one.trail = [...one.trail, { at: old.to, row: old.row }].slice(-(this.still ? 1 : TRAIL)); one.step = now; }
      next.set(cluster.id, one);
    }
    this.known = next;
  }

  // Where a centre stands now, on its way from one place to the next.
  at(one, now) {
    const part = this.still ? 1 : Math.min(1, Math.max(0, (now - one.since) / GLIDE));
    return part === 1 ? one.to : one.to.map((value, column) => one.from[column] + (value - one.from[column]) * part);
  }

  moving(now) { return !this.still && [...this.known.values()].some((one) => now - one.since < GLIDE && one.from !== one.to); }

  // What is drawn: places in pixels, the largest cluster first so that small ones stay visible.
  placed(view, frame, now) {
    const out = [0, 0], pixel = (values, row) => { view.place(values, 0, row, out); return [frame.x(out[0]), frame.y(out[1])]; };
    return [...this.known.values()].map((one) => {
      const [x, y] = pixel(this.at(one, now), one.row);
      return { id: one.cluster.id, cluster: one.cluster, x, y, trail: one.trail.map((step) => pixel(step.at, step.row)) };
    }).sort((a, b) => b.cluster.rows - a.cluster.rows);
  }
}

// Pushes circles apart and keeps them inside; each keeps `x0`, `y0`, its true place.
export function apart(circles, inner) {
  // A speck of difference, so that circles in one line find their way around each other.
  const found = circles.map((one, at) => ({ ...one, x: one.x + Math.cos(2.4 * at), y: one.y + Math.sin(2.4 * at), x0: one.x, y0: one.y }));
  const turns = found.length > 40 ? 60 : 300;
  for (let turn = 0; turn < turns; turn++) {
    let moved = false;
    for (let a = 0; a < found.length; a++) for (let b = a + 1; b < found.length; b++) {
      const one = found[a], two = found[b], need = one.r + two.r + 2;
      const dx = two.x - one.x || 1e-6, dy = two.y - one.y;
      const distance = Math.hypot(dx, dy);
      if (distance >= need) continue;
      const push = (need - distance) / distance / 2, share = two.r / (one.r + two.r);
      one.x -= dx * push * 2 * share; one.y -= dy * push * 2 * share;
      two.x += dx * push * 2 * (1 - share); two.y += dy * push * 2 * (1 - share);
      moved = true;
    }
    for (const one of found) {
      one.x = Math.min(inner.left + inner.width - one.r, Math.max(inner.left + one.r, one.x));
      one.y = Math.min(inner.top + inner.height - one.r, Math.max(inner.top + one.r, one.y));
    }
    if (!moved) break;
  }
  return found;
}

// Circles whose areas are as the numbers of rows; together they fill about a sixth of the picture.
export function bubbles(placed, inner) {
  const total = placed.reduce((sum, one) => sum + Math.max(0, one.cluster.rows), 0) || 1, area = inner.width * inner.height / 6;
  return apart(placed.map((one) => ({ ...one, r: Math.max(9, Math.sqrt((area * Math.max(0, one.cluster.rows)) / total / Math.PI)) })), inner);
}

function luminance([red, green, blue]) {
  const [r, g, b] = [red, green, blue].map((value) => { const part = value / 255; return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// Black or white, whichever is easier to read on a colour.
export function inkOn(colour) { const light = luminance(colour) + 0.05; return light / 0.05 > 1.05 / light ? "#000" : "#fff"; }

const css = ([red, green, blue], opacity = 1) => `rgb(${red} ${green} ${blue} / ${opacity})`;

function disc(context, x, y, r, colour, look, open) {
  context.beginPath();
  context.arc(x, y, r, 0, 7);
  context.fillStyle = open ? look.surface : css(colour);
  context.fill();
  context.lineWidth = open ? 3 : 2;
  context.strokeStyle = open ? css(colour) : look.surface;
  context.stroke();
}

function numbered(context, one, r, look) {
  const colour = look.colours[(one.cluster.slot - 1) % look.colours.length], open = one.cluster.slot > look.colours.length;
  disc(context, one.x, one.y, r, colour, look, open);
  context.fillStyle = open ? look.text : inkOn(colour);
  context.fillText(String(one.id), one.x, one.y + 0.5);
}

export function drawCentres(context, placed, look, trails) {
  context.lineCap = context.lineJoin = "round";
  for (const one of trails ? placed : []) {
    const steps = [...one.trail, [one.x, one.y]], colour = look.colours[(one.cluster.slot - 1) % look.colours.length];
    for (let step = 1; step < steps.length; step++) {
      context.beginPath();
      context.moveTo(...steps[step - 1]);
      context.lineTo(...steps[step]);
      context.lineWidth = 2;
      context.strokeStyle = css(colour, 0.25 + (0.75 * step) / steps.length);
      context.stroke();
    }
  }
  context.font = `600 12px ${look.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const one of placed) numbered(context, one, String(one.id).length > 2 ? 14 : 11, look);
}

export function drawBubbles(context, circles, look) {
  context.lineWidth = 1;
  context.strokeStyle = look.line;
  for (const one of circles) {
    if (Math.hypot(one.x - one.x0, one.y - one.y0) < 2) continue;
    context.beginPath();
    context.moveTo(one.x0, one.y0);
    context.lineTo(one.x, one.y);
    context.stroke();
    context.fillStyle = look.line;
    context.beginPath();
    context.arc(one.x0, one.y0, 2.5, 0, 7);
    context.fill();
  }
  context.font = `600 13px ${look.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const one of circles) numbered(context, one, one.r, look);
}
