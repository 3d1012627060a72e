// What a page shows of a formula, and how runs on it end.
const FORMULA_ROAM = 1000, formulaScenes = new Map();

function formulaScene({text, box}) {
  const name = JSON.stringify([text, box]);
  if (!formulaScenes.has(name)) {
    formulaScenes.clear();
    formulaScenes.set(name, makeFormulaScene(text, box));
  }
  return formulaScenes.get(name);
}

function makeFormulaScene(text, box) {
  const [x0, x1, y0, y1] = box;
  const facts = {
    function: text, code: null, imports: [], view: [[x0, x1], [y0, y1]], roam: FORMULA_ROAM, aim: null, share: 1e-4, lowest: null,
    unbounded: false, origin: null, stop: {}, minimum: null, minima: [],
  };
  return {
    title: text, caption: text, facts, f: compileFormula(parseFormula(text)), heights: null, lowest: null, request: {formula: {text, box}},
    surface: {box, bands: 1, stride: 1, minima: [], known: false}, loss_panel: {heading: say("loss, by step"), log: true, low: 1e-9, high: 1, target: null},
  };
}

// Takes the surface that was computed; its lowest point is a minimum that is not proven.
function takeFormulaSurface(scene, {levels, bands, stride, lowest, ...heights}) {
  const [x0, x1, y0, y1] = scene.surface.box;
  Object.assign(scene, {heights, lowest});
  Object.assign(scene.surface, {levels, bands, stride, minima: lowest ? [[(lowest.point[0] - x0) / (x1 - x0), (lowest.point[1] - y0) / (y1 - y0)]] : []});
}

// The value that runs are to come close to: the reader's own, else the lowest one found within the box.
function aimOf({lowest: given}, {lowest: found}) {
  return given ?? (found && !found.border ? found.value : null);
}

// After a race: a run that went lower within the box gives the lowest value. Whether the target changes.
function lowerTarget(scene, given, taken) {
  const [x0, x1, y0, y1] = scene.surface.box, {facts, lowest} = scene;
  if (facts.aim === null) return false;
  let [value, point] = [facts.aim, null], outside = false;
  for (const run of taken) {
    for (let t = 0; run && t <= run.last; t++) {
      if (!(run.loss[t] < value)) continue;
      const x = run.x[2 * t], y = run.x[2 * t + 1];
      if (given === null && x >= x0 && x <= x1 && y >= y0 && y <= y1) [value, point] = [run.loss[t], [x, y]]; else outside = true;
    }
  }
  if (outside) value = null;
  else if (point) scene.lowest = {...lowest, value, point};
  facts.aim = facts.origin = value;
  return outside || Boolean(point);
}
