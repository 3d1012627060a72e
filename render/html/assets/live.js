// A live page: what the reader has set, and the runs that follow from it.
const MOST_STEPS = 100_000, SLICE = 8, CHUNK = 256, DEPTH = 1e-9;
const {functions, optimizers, racing} = payload.live, NONE = new Float64Array(0);
const scene = {name: "", formula: null};  // the function that is shown: its place in the file, or a formula
let live = functions[0], limits = {...payload.loss_panel};
let setting = published();
const extensions = [];  // what other scripts add: functions of (runs, controls, redraw)
const work = {frame: 0, fresh: false, taken: [], terms: null, wanted: 0, show: () => {}, fill: () => {}};

// The race of the file on a function. A slot of `runs` is null where no optimizer runs; each slot has its own style.
function published(place = 0) {
  const {start, steps, values} = functions[place], slots = payload.looks[0].runs;
  return {
    function: place, formula: null, start: [...start], steps, seed: payload.live.seed, noise: null, clip: null, schedule: null, around: null,
    runs: slots.map((_, k) => k < racing ? {optimizer: k, values: [...values[k]], shown: true} : null),
  };
}

function isPublished() {
  return JSON.stringify(setting) === JSON.stringify(published(setting.function));
}

// The wrappers of all optimizers, from the outermost inwards.
function chainOf({noise, clip, schedule, around}) {
  return [noise, clip, schedule, around].filter(Boolean);
}

function optimizerOf(run) {
  return optimizers[setting.runs[run.index].optimizer];
}

function valuesOf(run) {
  return setting.runs[run.index].values;
}

// The runs in the race, in the order in which they were added.
function present(runs) {
  return runs.filter(run => setting.runs[run.index]).sort((one, other) => one.added - other.added);
}

function loadSurface(take) {
  payload.scenes.forEach((one, place) => {
    one.heights = one.surface.levels ? null : decodeSurface(take, one.surface);
    one.request = {place, surface: one.surface};
  });
  emitted.f = emitted.functions[0];
  return heightsOf(payload.scenes[0]);
}

// The heights of a surface, or none yet: they are filled in when they are computed, unless another surface is shown then.
function heightsOf(one) {
  work.wanted = 0;
  if (one.heights) return one.heights;
  const number = work.wanted = askSurface(one.request, found => {
    if (one.request.formula) takeFormulaSurface(one, found); else one.heights = found;
    if (number === work.wanted) work.fill(one);
  });
  return BLANK;
}

// Shows the function of the setting, if it is another one; returns its heights, or null.
function changeFunction() {
  const name = JSON.stringify(setting.formula ? [setting.formula.text, setting.formula.box] : setting.function);
  if (name === scene.name || (scene.name === "" && name === "0")) return null;
  scene.name = name;
  const own = setting.formula && formulaScene(setting.formula), shown = own ?? payload.scenes[setting.function];
  live = own ? own.facts : functions[setting.function];
  emitted.f = own ? own.f : emitted.functions[setting.function];
  Object.assign(payload, {title: shown.title, caption: shown.caption, surface: shown.surface, loss_panel: {...shown.loss_panel}});
  limits = {...shown.loss_panel};
  return heightsOf(shown);
}

function loadRuns() {
  const empty = {u: NONE, v: NONE, steps: NONE, loss_values: NONE, gap: NONE, rates: null, outcome: "", since: 0, stopped: null};
  const all = payload.looks[0].runs.map((_, index) => ({...empty, index, label: payload.runs[index]?.label ?? "", added: index, shown: false}));
  for (const run of all) run.all = all;
  return all;
}

// Takes the runs anew at the next frame. What takes longer than a slice goes on in the frames after it.
function rerace() {
  work.fresh = true;
  work.frame ||= requestAnimationFrame(takeSlice);
}

function takeSlice() {
  const begin = performance.now();
  work.frame = 0;
  if (work.fresh) beginRace();
  let run;
  while ((run = mostBehind()) && performance.now() - begin < SLICE) run.advance(run.done + CHUNK);
  if (run) work.frame = requestAnimationFrame(takeSlice); else endRace();
  work.show(!run);
}

function mostBehind() {
  let found = null;
  for (const run of work.taken) if (run && !run.over && (!found || run.done < found.done)) found = run;
  return found;
}

function beginRace() {
  const {start, steps, runs, seed} = setting, chain = chainOf(setting);
  work.fresh = false;
  if (setting.formula) live.aim = live.origin = aimOf(setting.formula, formulaScene(setting.formula));
  work.terms = raceTerms(live, emitted.f, start);
  work.taken = runs.map(run => run && beginRun(live, emitted, optimizers[run.optimizer], start, steps, run.values, work.terms, chain, seed));
}

// On a formula, a run may have gone below the lowest value found: the target follows.
function endRace() {
  if (!setting.formula || !lowerTarget(formulaScene(setting.formula), setting.formula.lowest, work.taken)) return;
  work.terms = raceTerms(live, emitted.f, setting.start);
  for (const run of work.taken) if (run) settle(live, run, setting.steps, work.terms);
}

// The share of all steps that are taken, from 0 to 1.
function progress() {
  const taken = work.taken.filter(Boolean);
  return taken.reduce((sum, run) => sum + (run.over ? 1 : run.done / setting.steps), 0) / Math.max(taken.length, 1);
}

// Gives a run of the page the points and losses that are taken, as shares of the view and as gaps.
function follow(run, taken) {
  if (!taken) {
    Object.assign(run, {steps: NONE, u: NONE, v: NONE, loss_values: NONE, gap: NONE, rates: null, shown: false});
    return;
  }
  const last = taken.over ? taken.last : taken.done;
  Object.assign(run, pathOf(taken, last, payload.surface.box, live.origin));
  run.shown = setting.runs[run.index].shown;
  run.lr = lrOf(run) === undefined ? "" : localNumber(lrOf(run));
  run.rates = taken.rates && Float64Array.from(run.steps, t => taken.rates[t]);
  const failed = taken.over && FAILED.includes(taken.status);
  run.stopped = failed ? taken.stopped : null;
  run.reached = taken.over ? taken.reached : null;
  run.final = taken.final;
  run.since = failed ? taken.stopped : taken.over && taken.reached !== null ? taken.reached : last;
  [run.sign, run.outcome] = ["", ""];
  if (!taken.over) return;
  if (taken.status in OUTCOMES) [run.sign, run.outcome] = [taken.status === "unbounded" ? "↗" : "✕", say(OUTCOMES[taken.status], {step: run.since})];
  else if (taken.reached !== null) [run.sign, run.outcome] = ["✓", say("target at step {step}", {step: run.since})];
  else if (work.terms.target !== null) run.outcome = say("target not reached");
}

const OUTCOMES = {diverged: "diverged at step {step}", "non-finite": "non-finite at step {step}", unbounded: "unbounded at step {step}"};

function lrOf(run) {
  const {names, lr} = optimizerOf(run);
  return valuesOf(run)[names.indexOf(lr)];
}

// The limits of the loss panel, by the rules of render.loss_curves.
function fitPanel(runs, {first, target}) {
  const panel = payload.loss_panel, origin = live.origin ?? 0, begin = first - origin;
  Object.assign(panel, limits, {target: target === null || live.unbounded ? null : target - origin});
  if (setting.formula) panel.heading = say(live.origin === null ? "loss, by step" : "gap to the lowest value, by step");
  if (isPublished()) return;
  const going = runs.filter(run => run.stopped === null), every = (going.length ? going : runs).map(run => run.gap);
  const finite = pick => every.reduce((found, gaps) => gaps.reduce((sum, gap) => Number.isFinite(gap) ? pick(sum, gap) : sum, found), NaN);
  const high = finite((sum, gap) => sum > gap ? sum : gap), least = finite((sum, gap) => sum < gap ? sum : gap);
  const low = panel.log && live.origin !== null ? finite((sum, gap) => gap > 0 && !(sum < gap) ? gap : sum) : least;
  if (live.origin === null && !live.unbounded) panel.log = least > 0;
  else if (setting.formula) panel.log = true;
  if (!Number.isFinite(begin) || !Number.isFinite(low)) return;
  const top = begin === 0 ? high : clamp(high, begin, 30 * Math.abs(begin));  // a start at the minimum has no gap
  if (!panel.log) {
    const margin = 0.05 * (Math.max(begin - low, 1e-9 * Math.abs(low)) || 1);
    [panel.low, panel.high] = [low - margin, begin + 3 * margin];
  } else if (live.origin === null) [panel.low, panel.high] = [Math.max(low, begin * DEPTH) / 1.5, Math.max(1.5 * top, 3 * low)];
  else {
    const least = panel.target > 0 ? Math.min(low, panel.target / 3) : low;
    [panel.low, panel.high] = [Math.max(least, begin * DEPTH), Math.max(4 * top, 10 * least)];
  }
}

// `retrace` draws the runs again, `show` another surface.
function watchRuns(runs, retrace, show) {
  const controls = makeSettings(runs, show);
  work.show = over => {
    payload.last = setting.steps;
    span = Math.max(setting.steps, 1);
    const atEnd = clock.time >= Number(element("scrub").max) || clock.time > payload.last;
    element("scrub").max = payload.last;
    for (const run of runs) follow(run, work.taken[run.index]);
    fitPanel(runs.filter(run => run.shown), work.terms);
    element("heading").textContent = payload.loss_panel.heading;
    if (atEnd) clock.time = payload.last;
    element("counter").textContent = "";  // so that it and the legend follow
    controls.update(over);
    retrace();
  };
  work.fill = scene => {
    show(scene.heights, true);
    if (scene.request.formula) rerace();
  };
  if (!payload.live.study) watchHandle(controls);
  controls.readAddress();
  for (const extend of extensions) extend(runs, controls, retrace);
  beginRace();
  for (const run of work.taken) run?.advance(Math.min(setting.steps, CHUNK));
  const over = work.taken.every(run => !run || run.over);
  if (over) endRace();
  work.show(over);
  if (!over) work.frame ||= requestAnimationFrame(takeSlice);
}
