// The race on the contour plot: trails with halos, minima, and heads that show how a run ended.
const BANDS = [0.4, 0.15, 0.04];  // ages, as shares of the race, at which a trail changes colour
const GAP_DASH = 6.5;              // dash length in pixels where a trail overlaps others
const SOLID = [];
const MARGIN = {right: 10};
const overlays = [];  // what other scripts draw on the race: functions of (runs, look, time)

// The box of the axes in an element, with space for tick labels.
function axesBox(id) {
  const {width, height} = element(id).getBoundingClientRect(), left = px(isStacked() ? 36 : 44);
  return {left, top: px(8), right: Math.max(width - MARGIN.right, left + 20), bottom: Math.max(height - px(26), 30)};
}

const view = {scale: 1, u: 0.5, v: 0.5};  // magnification and centre
const CLOSEST = 40;

function edges() {
  const half = 0.5 / view.scale;
  return {left: view.u - half, right: view.u + half, bottom: view.v - half, top: view.v + half};
}

function contourBox() {
  return axesBox("contour");
}

function projection(box, seen) {
  const x = (box.right - box.left) / (seen.right - seen.left), y = (box.bottom - box.top) / (seen.top - seen.bottom);
  return {x: u => box.left + (u - seen.left) * x, y: v => box.top + (seen.top - v) * y};
}

// Scale of lines and markers: 1 on a large plot, less on a small one.
function prominence(box) {
  return clamp(Math.min(box.right - box.left, box.bottom - box.top) / 420, 0.6, 1);
}

function drawSurface(surface, look, coarse) {
  const canvas = element("surface"), context = contextFor(canvas), box = contourBox(), seen = edges();
  const ratio = (window.devicePixelRatio || 1) / (coarse ? 2 : 1);
  const wide = Math.max(Math.round((box.right - box.left) * ratio), 1), high = Math.max(Math.round((box.bottom - box.top) * ratio), 1);
  const sheet = new OffscreenCanvas(wide, high);
  sheet.getContext("2d").putImageData(renderSurface(surface, wide, high, seen, look, 0.62 * prominence(box) * ratio), 0, 0);
  context.imageSmoothingEnabled = coarse;
  context.drawImage(sheet, box.left, box.top, box.right - box.left, box.bottom - box.top);
  const [x0, x1, y0, y1] = payload.surface.box, at = projection(box, seen), u = x => (x - x0) / (x1 - x0), v = y => (y - y0) / (y1 - y0);
  const x = share => x0 + share * (x1 - x0), y = share => y0 + share * (y1 - y0);
  const across = linearTicks(x(seen.left), x(seen.right), Math.min((box.right - box.left) / px(64), 9)).map(([tick, word]) => [at.x(u(tick)), word]);
  const up = linearTicks(y(seen.bottom), y(seen.top), Math.min((box.bottom - box.top) / px(44), 11)).map(([tick, word]) => [at.y(v(tick)), word]);
  drawAxes(context, box, look, across, up, false);
}

// Pixel positions of all points, the arc length up to each, and where trajectories leave the plot.
function placeTrajectories(runs) {
  const box = contourBox(), at = projection(box, edges());
  for (const run of runs) {
    run.x = run.u.map(at.x);
    run.y = run.v.map(at.y);
    run.length = new Float64Array(run.x.length);
    run.exits = [];
    for (let i = 1; i < run.x.length; i++) {
      const dx = run.x[i] - run.x[i - 1], dy = run.y[i] - run.y[i - 1];
      run.length[i] = run.length[i - 1] + Math.hypot(dx, dy);
      const exit = exitPoint(run.x[i - 1], run.y[i - 1], dx, dy, box);
      if (exit) run.exits.push({...exit, move: i - 1, angle: Math.atan2(dy, dx)});
    }
  }
}

// The point where a segment leaves a box or ends in it, with its fraction of the segment.
function exitPoint(x, y, dx, dy, box) {
  let enter = 0, leave = 1;
  for (const [from, move, low, high] of [[x, dx, box.left, box.right], [y, dy, box.top, box.bottom]]) {
    if (move === 0 && (from < low || from > high)) return null;
    if (move === 0) continue;
    const one = (low - from) / move, two = (high - from) / move;
    enter = Math.max(enter, Math.min(one, two));
    leave = Math.min(leave, Math.max(one, two));
  }
  return enter <= leave ? {x: x + leave * dx, y: y + leave * dy, share: leave} : null;
}

function headPosition(run, time) {
  const {at, share} = positionAt(run, time);
  if (!share) return {x: run.x[at], y: run.y[at], at, share};
  return {x: run.x[at] + share * (run.x[at + 1] - run.x[at]), y: run.y[at] + share * (run.y[at + 1] - run.y[at]), at, share};
}

// Strokes a trail from one time to another; `dashesOf` returns the dashes of a segment.
function strokeTrail(context, run, from, to, dashesOf) {
  const begin = headPosition(run, from), end = headPosition(run, to);
  for (let i = begin.at, x = begin.x, y = begin.y, done = run.length[begin.at]; i <= end.at;) {
    const dashes = dashesOf(i);
    if (begin.at === i) done += Math.hypot(x - run.x[i], y - run.y[i]);
    context.setLineDash(dashes);
    context.lineCap = dashes.length ? "butt" : "round";
    context.lineDashOffset = dashes.length ? done : 0;
    context.beginPath();
    context.moveTo(x, y);
    do {
      i++;
      const last = i > end.at;
      const [a, b] = last ? [end.x, end.y] : [run.x[i], run.y[i]];
      if (last || Math.abs(a - x) + Math.abs(b - y) > 0.4) context.lineTo(x = a, y = b);
    } while (i <= end.at && dashesOf(i) === dashes);
    context.stroke();
    if (i <= end.at) done = run.length[i];
  }
}

function drawRace(runs, look, time) {
  const context = contextFor(element("race")), box = contourBox(), strong = prominence(box), thick = 3.1 * strong;
  const shown = runs.filter(run => run.shown && run.steps.length);
  context.save();
  context.beginPath();
  context.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
  context.clip();
  context.lineJoin = "round";
  if (look.halo_width) {
    context.strokeStyle = look.halo;
    context.lineWidth = thick * (1 + look.halo_width);
    for (const run of shown) strokeTrail(context, run, 0, time, () => SOLID);
  }
  context.lineWidth = thick;
  const gaps = [...Array(5)].map((_, depth) => [GAP_DASH * strong, GAP_DASH * strong * depth]);
  for (const run of shown) {
    const {color, dashes} = look.runs[run.index], own = dashes.length ? dashes.map(dash => dash * thick) : SOLID;
    const dashesOf = move => run.depth[move] && run.opens[move] <= time ? gaps[Math.min(run.depth[move], 4)] : own;
    const ages = [0, ...BANDS.map(age => Math.max(time - age * span, 0)), time];
    for (let band = 0; band < ages.length - 1; band++) {
      if (ages[band + 1] <= ages[band]) continue;
      context.strokeStyle = mix(color, look.old, look.fade * (1 - band / BANDS.length));
      strokeTrail(context, run, ages[band], ages[band + 1], dashesOf);
    }
  }
  context.setLineDash([]);
  drawStarts(context, shown, look, 9 * strong);
  const at = projection(box, edges());
  for (const [u, v] of payload.surface.minima) drawStar(context, at.x(u), at.y(v), look, 24 * strong);
  context.restore();
  for (const run of shown) drawHead(context, run, look, time, box, 11.5 * strong);
}

function drawStarts(context, runs, look, size) {
  const starts = new Map(runs.map(run => [`${run.u[0]},${run.v[0]}`, run]));
  for (const run of starts.values()) {
    context.beginPath();
    context.arc(run.x[0], run.y[0], size / 2, 0, 2 * Math.PI);
    [context.fillStyle, context.strokeStyle, context.lineWidth] = [look.halo, look.foreground, 0.26 * size];
    context.fill();
    context.stroke();
  }
}

function drawStar(context, x, y, look, size) {
  const {known} = payload.surface;
  if (known) {
    mark(context, "*", x, y, size, look.star, look.star_edge, 1.2);
    return;
  }
  const [edge, casing] = look.open_star;
  mark(context, "*", x, y, size, null, casing, 4.3);
  mark(context, "*", x, y, size, null, edge, 1.9);
}

// A marker with a fill and an edge.
function mark(context, shape, x, y, size, color, edge, width) {
  const path = new Path2D();
  path.addPath(shapes[shape], new DOMMatrix([size, 0, 0, size, x, y]));
  if (color) {
    context.fillStyle = color;
    context.fill(path);
  }
  [context.strokeStyle, context.lineWidth] = [edge, width];
  if (width) context.stroke(path);
}

const shapes = Object.fromEntries(Object.entries(payload.shapes).map(([name, path]) => [name, new Path2D(path)]));
shapes.arrow = new Path2D("M0.55 0L-0.55 0.55L-0.33 0L-0.55 -0.55Z");

// A disc; a cross if the run was stopped; an arrow at the border if it left the plot.
function drawHead(context, run, look, time, box, size) {
  let {x, y, at, share} = headPosition(run, time);
  const {color, marker} = look.runs[run.index], over = run.stopped !== null && time >= run.stopped;
  context.lineJoin = "round";
  if (x < box.left - 0.5 || x > box.right + 0.5 || y < box.top - 0.5 || y > box.bottom + 0.5) {
    const exit = run.exits.findLast(exit => exit.move < at || (exit.move === at && exit.share <= share));
    if (!exit) return;
    ({x, y} = exit);
    const path = new Path2D(), turn = new DOMMatrix().translate(x, y).rotate(exit.angle * 180 / Math.PI).scale(size * 1.1);
    path.addPath(shapes.arrow, turn);
    [context.fillStyle, context.strokeStyle, context.lineWidth] = [color, look.rim, 0.15 * size];
    context.fill(path);
    context.stroke(path);
  } else if (!over) mark(context, marker, x, y, size, color, look.rim, 0.15 * size);
  if (!over) return;
  const half = 0.45 * size;
  context.lineCap = "butt";
  for (const [width, ink] of [[0.55 * size, look.rim], [0.3 * size, color]]) {
    [context.lineWidth, context.strokeStyle] = [width, ink];
    context.beginPath();
    context.moveTo(x - half, y - half);
    context.lineTo(x + half, y + half);
    context.moveTo(x - half, y + half);
    context.lineTo(x + half, y - half);
    context.stroke();
  }
}
