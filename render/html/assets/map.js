// The map: trails with halos, stars, and heads that tell how a run ended.
const BANDS = [0.4, 0.15, 0.04];  // ages, as shares of the race, at which a trail changes colour
const THROUGH = 6.5;              // length in pixels of the dashes of a trail on a way that others took before
const SOLID = [];
const MARGIN = {left: 44, right: 10, top: 8, bottom: 26};

const view = {scale: 1, u: 0.5, v: 0.5};  // how much larger than the whole, and around which point
const CLOSEST = 40;

function edges() {
  const half = 0.5 / view.scale;
  return {left: view.u - half, right: view.u + half, bottom: view.v - half, top: view.v + half};
}

function mapBox() {
  const {width, height} = element("map").getBoundingClientRect(), narrow = window.innerWidth < 680;
  const left = narrow ? 36 : MARGIN.left;
  return {left, top: MARGIN.top, right: Math.max(width - MARGIN.right, left + 20), bottom: Math.max(height - MARGIN.bottom, 30)};
}

function projection(box, seen) {
  const x = (box.right - box.left) / (seen.right - seen.left), y = (box.bottom - box.top) / (seen.top - seen.bottom);
  return {x: u => box.left + (u - seen.left) * x, y: v => box.top + (seen.top - v) * y};
}

// How strong lines and marks are: 1 on a large map, less on a small one.
function prominence(box) {
  return clamped(Math.min(box.right - box.left, box.bottom - box.top) / 420, 0.6, 1);
}

function drawGround(ground, look, coarse) {
  const canvas = element("ground"), pen = penOf(canvas), box = mapBox(), seen = edges();
  const ratio = (window.devicePixelRatio || 1) / (coarse ? 2 : 1);
  const wide = Math.max(Math.round((box.right - box.left) * ratio), 1), high = Math.max(Math.round((box.bottom - box.top) * ratio), 1);
  const sheet = new OffscreenCanvas(wide, high);
  sheet.getContext("2d").putImageData(pictureOf(ground, wide, high, seen, look, 0.62 * prominence(box) * ratio), 0, 0);
  pen.imageSmoothingEnabled = coarse;
  pen.drawImage(sheet, box.left, box.top, box.right - box.left, box.bottom - box.top);
  const [x0, x1, y0, y1] = given.map.box, at = projection(box, seen), u = x => (x - x0) / (x1 - x0), v = y => (y - y0) / (y1 - y0);
  const x = share => x0 + share * (x1 - x0), y = share => y0 + share * (y1 - y0);
  const across = roundTicks(x(seen.left), x(seen.right), Math.min((box.right - box.left) / 64, 9)).map(([tick, word]) => [at.x(u(tick)), word]);
  const up = roundTicks(y(seen.bottom), y(seen.top), Math.min((box.bottom - box.top) / 44, 11)).map(([tick, word]) => [at.y(v(tick)), word]);
  drawAxes(pen, box, look, across, up, false);
}

// Where the points are on the map, how long the way is up to each, and where it leaves the map.
function layWays(runs) {
  const box = mapBox(), at = projection(box, edges());
  for (const run of runs) {
    run.x = run.u.map(at.x);
    run.y = run.v.map(at.y);
    run.length = new Float64Array(run.x.length);
    run.exits = [];
    for (let i = 1; i < run.x.length; i++) {
      const dx = run.x[i] - run.x[i - 1], dy = run.y[i] - run.y[i - 1];
      run.length[i] = run.length[i - 1] + Math.hypot(dx, dy);
      const exit = exitOf(run.x[i - 1], run.y[i - 1], dx, dy, box);
      if (exit) run.exits.push({...exit, move: i - 1, angle: Math.atan2(dy, dx)});
    }
  }
}

// Where a move that touches a box leaves it, or ends in it, as a point and as a share of the move.
function exitOf(x, y, dx, dy, box) {
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

function placeOf(run, time) {
  const {at, share} = reached(run, time);
  if (!share) return {x: run.x[at], y: run.y[at], at, share};
  return {x: run.x[at] + share * (run.x[at + 1] - run.x[at]), y: run.y[at] + share * (run.y[at + 1] - run.y[at]), at, share};
}

// Strokes a run's way from one time to another; `dashesOf` says for a move which dashes it has.
function strokeWay(pen, run, from, to, dashesOf) {
  const begin = placeOf(run, from), end = placeOf(run, to);
  for (let i = begin.at, x = begin.x, y = begin.y, done = run.length[begin.at]; i <= end.at;) {
    const dashes = dashesOf(i);
    if (begin.at === i) done += Math.hypot(x - run.x[i], y - run.y[i]);
    pen.setLineDash(dashes);
    pen.lineCap = dashes.length ? "butt" : "round";
    pen.lineDashOffset = dashes.length ? done : 0;
    pen.beginPath();
    pen.moveTo(x, y);
    do {
      i++;
      const last = i > end.at;
      const [a, b] = last ? [end.x, end.y] : [run.x[i], run.y[i]];
      if (last || Math.abs(a - x) + Math.abs(b - y) > 0.4) pen.lineTo(x = a, y = b);
    } while (i <= end.at && dashesOf(i) === dashes);
    pen.stroke();
    if (i <= end.at) done = run.length[i];
  }
}

function drawRace(runs, look, time) {
  const pen = penOf(element("race")), box = mapBox(), strong = prominence(box), thick = 3.1 * strong;
  const shown = runs.filter(run => run.shown && run.steps.length);
  pen.save();
  pen.beginPath();
  pen.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
  pen.clip();
  pen.lineJoin = "round";
  if (look.halo_width) {
    pen.strokeStyle = look.halo;
    pen.lineWidth = thick * (1 + look.halo_width);
    for (const run of shown) strokeWay(pen, run, 0, time, () => SOLID);
  }
  pen.lineWidth = thick;
  const gaps = [...Array(5)].map((_, depth) => [THROUGH * strong, THROUGH * strong * depth]);
  for (const run of shown) {
    const {color, dashes} = look.runs[run.index], own = dashes.length ? dashes.map(dash => dash * thick) : SOLID;
    const dashesOf = move => run.depth[move] && run.opens[move] <= time ? gaps[Math.min(run.depth[move], 4)] : own;
    const ages = [0, ...BANDS.map(age => Math.max(time - age * span, 0)), time];
    for (let band = 0; band < ages.length - 1; band++) {
      if (ages[band + 1] <= ages[band]) continue;
      pen.strokeStyle = mixed(color, look.old, look.fade * (1 - band / BANDS.length));
      strokeWay(pen, run, ages[band], ages[band + 1], dashesOf);
    }
  }
  pen.setLineDash([]);
  drawStarts(pen, shown, look, 9 * strong);
  const at = projection(box, edges());
  for (const [u, v] of given.map.minima) drawStar(pen, at.x(u), at.y(v), look, 24 * strong);
  pen.restore();
  for (const run of shown) drawHead(pen, run, look, time, box, 11.5 * strong);
}

function drawStarts(pen, runs, look, size) {
  const starts = new Map(runs.map(run => [`${run.u[0]},${run.v[0]}`, run]));
  for (const run of starts.values()) {
    pen.beginPath();
    pen.arc(run.x[0], run.y[0], size / 2, 0, 2 * Math.PI);
    [pen.fillStyle, pen.strokeStyle, pen.lineWidth] = [look.halo, look.foreground, 0.26 * size];
    pen.fill();
    pen.stroke();
  }
}

function drawStar(pen, x, y, look, size) {
  const {known} = given.map;
  mark(pen, "*", x, y, size, known ? look.star : null, known ? look.star_edge : look.foreground, known ? 1.2 : 1.9);
}

// A shape of a size, filled, with an edge.
function mark(pen, shape, x, y, size, color, edge, width) {
  const path = new Path2D();
  path.addPath(shapes[shape], new DOMMatrix([size, 0, 0, size, x, y]));
  if (color) {
    pen.fillStyle = color;
    pen.fill(path);
  }
  [pen.strokeStyle, pen.lineWidth] = [edge, width];
  if (width) pen.stroke(path);
}

const shapes = Object.fromEntries(Object.entries(given.shapes).map(([name, path]) => [name, new Path2D(path)]));
shapes.arrow = new Path2D("M0.55 0L-0.55 0.55L-0.33 0L-0.55 -0.55Z");

// A disc; a cross where the run was stopped; an arrow on the border where it left the map.
function drawHead(pen, run, look, time, box, size) {
  let {x, y, at, share} = placeOf(run, time);
  const {color, marker} = look.runs[run.index], over = run.stopped !== null && time >= run.stopped;
  pen.lineJoin = "round";
  if (x < box.left - 0.5 || x > box.right + 0.5 || y < box.top - 0.5 || y > box.bottom + 0.5) {
    const exit = run.exits.findLast(exit => exit.move < at || (exit.move === at && exit.share <= share));
    if (!exit) return;
    ({x, y} = exit);
    const path = new Path2D(), turn = new DOMMatrix().translate(x, y).rotate(exit.angle * 180 / Math.PI).scale(size * 1.1);
    path.addPath(shapes.arrow, turn);
    [pen.fillStyle, pen.strokeStyle, pen.lineWidth] = [color, look.rim, 0.15 * size];
    pen.fill(path);
    pen.stroke(path);
  } else if (!over) mark(pen, marker, x, y, size, color, look.rim, 0.15 * size);
  if (!over) return;
  const half = 0.45 * size;
  pen.lineCap = "butt";
  for (const [width, ink] of [[0.55 * size, look.rim], [0.3 * size, color]]) {
    [pen.lineWidth, pen.strokeStyle] = [width, ink];
    pen.beginPath();
    pen.moveTo(x - half, y - half);
    pen.lineTo(x + half, y + half);
    pen.moveTo(x - half, y + half);
    pen.lineTo(x + half, y - half);
    pen.stroke();
  }
}
