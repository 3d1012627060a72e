// The page of a sweep: the chosen cell, its runs, which the page takes itself, and its figures.
const live = payload.live, SLICE = 8, CHUNK = 256;
live.axes = {[chart.down.key]: chart.down.values, [chart.across.key]: chart.across.values};
const cell = {map: 0, pinned: null, hovered: null}, work = {frame: 0, taken: [], retrace: () => {}, fill: () => {}};
const SVG = "http://www.w3.org/2000/svg", placeHandle = () => {}, replaceRows = () => {}, updateLegend = () => {};

function make(name, facts = {}, ...parts) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(facts)) made.setAttribute(key, value);
  made.append(...parts);
  return made;
}

const shownCell = () => ({map: cell.map, ...(cell.hovered ?? cell.pinned)});

function loadSurface(take) {
  const surface = payload.surface.levels ? BLANK : decodeSurface(take);
  decodeMaps(take);
  if (surface === BLANK) askSurface({surface: payload.surface}, heights => work.fill(heights));
  return surface;
}

function loadRuns() {
  return payload.runs.map(facts => ({...facts, index: 0, shown: true, rates: null, stopped: null, reached: null, final: null}));
}

function twoDigits(number) {
  return fourDigits(Number(number.toPrecision(2))).replace(/([.,]\d*?)0+e/, "$1e").replace(/[.,]e/, "e");
}

// The colours follow the optimizer of the chosen cell, and the scale below the map the theme.
function styleLegend(runs, look) {
  const {low, high, failed, missed} = chart.maps[cell.map], bar = make("i", {class: "bar"});
  bar.style.background = `linear-gradient(90deg, ${look.ramp.filter((_, i) => i % 15 === 0).join()})`;
  const swatch = (color, word) => {
    const made = make("i", {class: "swatch"});
    made.style.background = color;
    return make("span", {}, made, say(word));
  };
  element("scale").replaceChildren(
    ...low === null ? [] : [make("span", {}, twoDigits(low), bar, twoDigits(high))],
    ...failed ? [swatch(look.failed, "most runs fail")] : [], ...missed ? [swatch(look.missed, "target not reached")] : [],
  );
  work.retrace();
}

function beginCell(runs) {
  const setting = cellSetting(chart, shownCell());
  work.taken = cellRuns(live, emitted, setting);
  for (const run of runs) [run.index, run.label] = [setting.optimizer, live.optimizers[setting.optimizer].label];
  work.frame ||= requestAnimationFrame(() => takeSlice(runs));
}

// Takes the steps of the chosen cell; what takes longer than a slice goes on in the frames after it.
function takeSlice(runs) {
  const begin = performance.now(), waiting = () => work.taken.filter(run => !run.over).sort((one, other) => one.done - other.done)[0];
  work.frame = 0;
  let run;
  while ((run = waiting()) && performance.now() - begin < SLICE) run.advance(run.done + CHUNK);
  if (run) work.frame = requestAnimationFrame(() => takeSlice(runs));
  work.taken.forEach((taken, i) => {
    const failed = taken.over && FAILED.includes(taken.status);
    Object.assign(runs[i], pathOf(taken, taken.over ? taken.last : taken.done, payload.surface.box, live.origin));
    Object.assign(runs[i], {stopped: failed ? taken.stopped : null, reached: taken.over ? taken.reached : null, final: taken.final});
  });
  if (!run) describeCell();
  element("counter").textContent = "";
  work.retrace();
}

const ENDS = {diverged: "diverged at step {step}", "non-finite": "non-finite at step {step}", unbounded: "unbounded at step {step}"};

// How a run has ended, in words.
function outcomeOf({status, stopped, reached, final}) {
  if (status in ENDS) return say(ENDS[status], {step: stopped ?? reached});
  const parts = [say("loss {loss} after {steps} steps", {loss: fourDigits(final), steps: stopped ?? live.steps})];
  if (reached !== null) parts.push(say("target at step {step}", {step: reached}));
  else if (live.target !== null) parts.push(say("target not reached"));
  return parts.join(", ");
}

// The middle of an odd number of values, the mean of the two middle ones of an even number; failed runs are last.
function median(values) {
  const sorted = values.map(value => Number.isFinite(value) ? value : Infinity).sort((one, other) => one - other), half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

function describeCell() {
  const setting = cellSetting(chart, shownCell()), stable = stableRate(live, setting), {taken} = work;
  const names = {[chart.across.key]: chart.across.name, ...chart.strip ? {} : {[chart.down.key]: chart.down.name}};
  const values = live.varied.map(name => `${names[name] ?? name} ${fourDigits(setting.values[name])}`);
  const lines = [taken.length > 1
    ? say("median of {count} starts: loss {loss}", {count: taken.length, loss: fourDigits(median(taken.map(run => FAILED.includes(run.status) ? NaN : run.final)))})
    : outcomeOf(taken[0])];
  if (chart.starts > taken.length) lines.push(say("{count} of {all} starts are drawn", {count: taken.length, all: chart.starts}));
  if (stable) lines.push(say(setting.values.lr > stable.lr ? "above {formula} = {lr}: steps near the minimum grow" : "below {formula} = {lr}: steps near the minimum shrink", {formula: stable.formula, lr: fourDigits(stable.lr)}));
  const title = `${live.optimizers[setting.optimizer].label}: ${values.join(", ")}`;
  element("cell").replaceChildren(make("b", {}, title), ...lines.map(line => make("span", {}, line)));
  element("map").setAttribute("aria-label", `${say("map of {measure}: arrow keys choose a cell", {measure: chart.measure})}. ${title}`);
  element("race").setAttribute("aria-label", `${title}. ${lines.join(". ")}`);
}

function makeMap(runs) {
  const canvas = make("canvas", {id: "map", tabindex: "0", role: "application", "aria-roledescription": say("map")});
  const section = make("section", {id: "map-part", "aria-labelledby": "map-heading"}, make("h2", {id: "map-heading"}, chart.measure));
  if (chart.maps.length > 1) {
    const select = make("select", {id: "optimizer", "aria-label": say("optimizers")}, ...chart.maps.map((map, i) => make("option", {value: i}, live.optimizers[map.optimizers[0]].label)));
    select.addEventListener("change", () => choose(runs, null, true, Number(select.value)));
    select.value = cell.map;
    section.firstChild.append(" ", select);
  }
  section.append(make("div", {id: "map-box", class: "drawing"}, canvas), make("div", {id: "scale"}));
  const {boundary} = chart.maps.find(map => map.boundary) ?? {};
  if (boundary) {
    const [x, y] = boundary.at.map(fourDigits);
    section.append(make("p", {id: "theory"}, say("dashed: largest stable learning rate; λ = {curvature}: largest curvature at the minimum ({x}, {y})", {curvature: fourDigits(boundary.curvature), x, y})));
  }
  document.querySelector("main").classList.add("sweep");
  document.querySelector("main").append(section, make("p", {id: "cell", role: "status"}));
}

// The chosen cell is in the address, so that a link shows it.
function readCell() {
  const numbers = /^#cell=(\d+),(\d+),(\d+)$/.exec(location.hash)?.slice(1).map(Number), map = numbers && chart.maps[numbers[0]];
  if (map && numbers[1] < map.rows && numbers[2] < map.columns) [cell.map, cell.pinned] = [numbers[0], {row: numbers[1], column: numbers[2]}];
}

function writeCell() {
  try {
    history.replaceState(null, "", `#cell=${cell.map},${cell.pinned.row},${cell.pinned.column}`);
  } catch {  // a page within a frame without an address of its own has none to write
  }
}

const usualCell = ({best, rows, columns}) => best ? {row: best[0], column: best[1]} : {row: rows >> 1, column: columns >> 1};

// Shows a cell: the pinned one, or the one under the pointer until that leaves.
function choose(runs, place, pinned, map = cell.map) {
  const before = JSON.stringify(shownCell());
  if (map !== cell.map) [cell.map, cell.pinned, cell.hovered] = [map, usualCell(chart.maps[map]), null];
  else if (pinned && place) [cell.pinned, cell.hovered] = [place, null];
  else if (!pinned) cell.hovered = place;
  if (pinned) writeCell();
  if (JSON.stringify(shownCell()) === before) return;
  beginCell(runs);
  styleLegend(runs, look());
}

function makeLegend(runs) {
  cell.pinned = usualCell(chart.maps[0]);
  readCell();
  makeMap(runs);
}

function watchRuns(runs, retrace, show) {
  work.fill = heights => show(heights, true);
  work.retrace = () => {
    retrace();
    drawMap(chart.maps[cell.map], look(), shownCell());
  };
  watchMap(shownCell, (place, pinned) => choose(runs, place, pinned));
  new ResizeObserver(() => work.retrace()).observe(element("map-box"));
  window.addEventListener("hashchange", () => {
    readCell();
    beginCell(runs);
    styleLegend(runs, look());
  });
  const none = new Float64Array(0);
  for (const run of runs) Object.assign(run, {steps: none, u: none, v: none, loss_values: none, gap: none});
  beginCell(runs);
  styleLegend(runs, look());
}
