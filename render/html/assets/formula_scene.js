// What a page shows of a formula: heights in bands by the rules of the package, and how runs on it end.
const FORMULA_POINTS = 193, FORMULA_BANDS = 24, TOWER = 1e6, LINES = 100, FORMULA_ROAM = 1000;

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

const formulaScenes = new Map();

function formulaScene({text, box}) {
  const name = JSON.stringify([text, box]);
  if (!formulaScenes.has(name)) {
    formulaScenes.clear();
    formulaScenes.set(name, makeFormulaScene(text, box));
  }
  return formulaScenes.get(name);
}

function makeFormulaScene(text, box) {
  const f = compileFormula(parseFormula(text)), [x0, x1, y0, y1] = box, points = FORMULA_POINTS, values = [];
  for (let j = 0; j < points; j++) for (let k = 0; k < points; k++) values.push(f(x0 + (x1 - x0) * k / (points - 1), y0 + (y1 - y0) * j / (points - 1))[0]);
  const levels = colorLevels(values), surface = {box, rows: points, columns: points, levels, bands: levels.borders.length - 1, stride: 1, minima: [], known: false};
  const heights = computeSurface(surface, f);
  if (values.some(value => !Number.isFinite(value))) heights.hole = Uint8Array.from(values, value => !Number.isFinite(value));
  heights.height.forEach((height, i) => heights.height[i] = Number.isFinite(height) ? height : surface.bands);
  surface.stride = lineStride(heights.height, points);
  const facts = {
    function: text, code: null, imports: [], view: [[x0, x1], [y0, y1]], roam: FORMULA_ROAM, aim: null, share: 0, lowest: null,
    unbounded: false, origin: null, stop: {}, minimum: null, minima: [],
  };
  const panel = {heading: say("loss, by step"), log: true, low: 1e-9, high: 1, target: null};
  return {title: text, caption: text, surface, heights, loss_panel: panel, facts, f};
}
