// The surface of a formula: its values, colours by the rules of the package, and the lowest value found. No document.
const FORMULA_POINTS = 193, FORMULA_BANDS = 24, TOWER = 1e6, LINES = 100;
const REFINED = 8, NEWTON_STEPS = 60, FINEST = 1e-15;  // grid minima to descend from, steps, and the last length in boxes

// The value below which a share of ascending numbers lies, with linear interpolation.
function quantile(numbers, share) {
  const at = share * (numbers.length - 1), low = Math.floor(at);
  return numbers[low] + (at - low) * (numbers[Math.min(low + 1, numbers.length - 1)] - numbers[low]);
}

// The borders of colours on the logarithm of the gap to the lowest value, half by area and half by height.
function colorLevels(values) {
  const known = Float64Array.from(values.filter(Number.isFinite)).sort();
  if (!known.length) return {zero: null, offset: null, borders: [0, 1]};
  const zero = known[0], gaps = known.map(value => value - zero);
  const most = Math.min(gaps.at(-1), TOWER * Math.max(quantile(gaps, 0.5), 1e-290)), offset = Math.max(quantile(gaps, 0.002), 1e-7 * most, 1e-300);
  const heights = gaps.map(gap => Math.log10(gap + offset)), low = heights[0], high = Math.min(quantile(heights, 0.998), Math.log10(most + offset));
  const borders = Array.from({length: FORMULA_BANDS + 1}, (_, i) => {
    const share = i / FORMULA_BANDS;
    return 0.5 * (low + share * (high - low)) + 0.5 * quantile(heights, share);
  }).filter((border, i, all) => i === 0 || border > all[i - 1]);
  if (borders.length < 2) borders.splice(0, 1, borders[0] - 0.5, borders[0] + 0.5);
  borders[borders.length - 1] = Math.max(borders.at(-1), heights.at(-1));
  return {zero, offset, borders};
}

// Every how many borders have a line, so that lines do not fill the plot: their length is the integral of the slope.
function lineStride(height, columns) {
  let sum = 0, count = 0;
  for (let i = 0; i + columns + 1 < height.length; i++) {
    if ((i + 1) % columns === 0) continue;
    sum += Math.hypot(height[i + 1] - height[i], height[i + columns] - height[i]) * (columns - 1);
    count++;
  }
  return Math.max(Math.ceil(sum / count / LINES), 1);
}

// The points of the grid that are no higher than their neighbours, the lowest first.
function gridMinima(values, points) {
  const found = [];
  for (let i = 0; i < values.length; i++) {
    const j = Math.floor(i / points), k = i % points;
    let least = Number.isFinite(values[i]);
    for (let b = Math.max(j - 1, 0); least && b <= Math.min(j + 1, points - 1); b++)
      for (let a = Math.max(k - 1, 0); a <= Math.min(k + 1, points - 1); a++) least &&= !(values[b * points + a] < values[i]);
    if (least) found.push(i);
  }
  return found.sort((one, other) => values[one] - values[other]);
}

// Descends within a box from a point: damped Newton steps (Levenberg, 1944; Marquardt, 1963), then steps along the axes,
// halved where none leads down (Hooke & Jeeves, 1961), which need no slope.
function descended(f, [x0, x1, y0, y1], [x, y], step) {
  const inside = (a, b) => [Math.min(Math.max(a, x0), x1), Math.min(Math.max(b, y0), y1)], sides = [x1 - x0, y1 - y0];
  let best = f(x, y)[0], damping = 1e-3;
  const better = to => {
    const value = f(...to)[0];
    if (!(value < best)) return false;
    [best, x, y] = [value, ...to];
    return true;
  };
  for (let t = 0; t < NEWTON_STEPS && damping < 1e12; t++) {
    const [, dx, dy] = f(x, y), [u, v] = sides.map(side => 1e-6 * side);
    const [right, left, above, below] = [f(x + u, y), f(x - u, y), f(x, y + v), f(x, y - v)];
    const xx = (right[1] - left[1]) / (2 * u), yy = (above[2] - below[2]) / (2 * v), xy = ((right[2] - left[2]) / (2 * u) + (above[1] - below[1]) / (2 * v)) / 2;
    const least = (xx + yy) / 2 - Math.hypot((xx - yy) / 2, xy), size = Math.abs(xx) + Math.abs(yy) || 1;
    const lift = Math.max(-least, 0) + damping * size, a = xx + lift, b = yy + lift, area = a * b - xy * xy;
    damping = better(inside(x - (b * dx - xy * dy) / area, y - (a * dy - xy * dx) / area)) ? damping / 10 : damping * 10;
  }
  for (let length = step; length > FINEST; length /= 2) {
    const moves = [[length, 0], [-length, 0], [0, length], [0, -length]];
    for (let t = 0; t < 50 && moves.some(([a, b]) => better(inside(x + a * sides[0], y + b * sides[1]))); t++);
  }
  return {value: best, point: [x, y]};
}

// The lowest value found in a box, its point, and whether it is at the border; null if no value is finite.
function lowestFound(f, box, values, points) {
  const [x0, x1, y0, y1] = box, place = i => [x0 + (x1 - x0) * (i % points) / (points - 1), y0 + (y1 - y0) * Math.floor(i / points) / (points - 1)];
  const all = gridMinima(values, points).slice(0, REFINED).map(i => descended(f, box, place(i), 1 / points));
  if (!all.length) return null;
  const found = all.reduce((low, one) => one.value < low.value ? one : low), [x, y] = found.point, [, dx, dy] = f(x, y);
  return {...found, border: (x === x0 && dx > 0) || (x === x1 && dx < 0) || (y === y0 && dy > 0) || (y === y1 && dy < 0)};
}

function* formulaSurface({text, box}) {
  const f = compileFormula(parseFormula(text)), [x0, x1, y0, y1] = box, points = FORMULA_POINTS, values = [];
  for (let j = 0; j < points; j++) {
    for (let k = 0; k < points; k++) values.push(f(x0 + (x1 - x0) * k / (points - 1), y0 + (y1 - y0) * j / (points - 1))[0]);
    yield;
  }
  const levels = colorLevels(values), made = yield* bandHeights({box, rows: points, columns: points, levels}, f), bands = levels.borders.length - 1;
  if (values.some(value => !Number.isFinite(value))) made.hole = Uint8Array.from(values, value => !Number.isFinite(value));
  made.height.forEach((height, i) => made.height[i] = Number.isFinite(height) ? height : bands);
  return {...made, levels, bands, stride: lineStride(made.height, points), lowest: lowestFound(f, box, values, points)};
}
