// A live page: what the reader has set, and the runs that follow from it.
const live = payload.live, MOST_STEPS = 100_000, SLICE = 8, CHUNK = 256, DEPTH = 1e-9;
const published = () => ({
  start: [...live.start], steps: live.steps, runs: live.runs.map(run => ({values: [...run.values], shown: true})),
});
let setting = published();
const work = {frame: 0, fresh: false, taken: [], terms: null, show: () => {}};

function loadSurface(take) {
  return payload.surface.levels ? computeSurface(payload.surface, emitted.f) : decodeSurface(take);
}

function isPublished() {
  return JSON.stringify(setting) === JSON.stringify(published());
}

function loadRuns() {
  return payload.runs.map((facts, index) => ({...facts, index, shown: true, rates: null, outcome: "", since: 0}));
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
  if (run) work.frame = requestAnimationFrame(takeSlice);
  work.show(!run);
}

function mostBehind() {
  let found = null;
  for (const run of work.taken) if (!run.over && (!found || run.done < found.done)) found = run;
  return found;
}

function beginRace() {
  const {start, steps, runs} = setting;
  work.fresh = false;
  work.terms = raceTerms(live, emitted.f, start);
  work.taken = runs.map(({values}, index) => beginRun(live, emitted, index, start, steps, values, work.terms));
}

// The share of all steps that are taken, from 0 to 1.
function progress() {
  return work.taken.reduce((sum, run) => sum + (run.over ? 1 : run.done / setting.steps), 0) / work.taken.length;
}

// Gives a run of the page the points and losses that are taken, as shares of the view and as gaps.
function follow(run, taken) {
  const last = taken.over ? taken.last : taken.done;
  Object.assign(run, pathOf(taken, last, payload.surface.box, live.origin));
  run.shown = setting.runs[run.index].shown;
  run.lr = lrOf(run.index) === undefined ? "" : localNumber(lrOf(run.index));
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

function lrOf(index) {
  return setting.runs[index].values[live.runs[index].names.indexOf(live.runs[index].lr)];
}

// The limits of the loss panel, by the rules of render.loss_curves.
const limits = {...payload.loss_panel};
function fitPanel(runs, {first, target}) {
  const panel = payload.loss_panel, origin = live.origin ?? 0, begin = first - origin;
  Object.assign(panel, {low: limits.low, high: limits.high, target: target === null || live.unbounded ? null : target - origin});
  const going = runs.filter(run => run.stopped === null);
  let low = Infinity, high = -Infinity;
  for (const run of going.length ? going : runs)
    for (const gap of run.gap) {
      if (!Number.isFinite(gap)) continue;
      high = Math.max(high, gap);
      if (!panel.log || gap > 0) low = Math.min(low, gap);
    }
  if (isPublished() || !Number.isFinite(begin) || low === Infinity) return;
  const top = clamp(high, begin, 30 * Math.abs(begin));
  if (!panel.log) {
    const margin = 0.05 * (Math.max(begin - low, 1e-9 * Math.abs(low)) || 1);
    [panel.low, panel.high] = [low - margin, begin + 3 * margin];
  } else if (live.origin === null) [panel.low, panel.high] = [low / 1.5, Math.max(1.5 * top, 3 * low)];
  else {
    if (panel.target > 0) low = Math.min(low, panel.target / 3);
    [panel.low, panel.high] = [Math.max(low, begin * DEPTH), Math.max(4 * top, 10 * low)];
  }
}

function watchRuns(runs, retrace) {
  const controls = makeSettings(runs);
  work.show = over => {
    payload.last = setting.steps;
    span = Math.max(setting.steps, 1);
    const atEnd = clock.time >= Number(element("scrub").max) || clock.time > payload.last;
    element("scrub").max = payload.last;
    for (const run of runs) follow(run, work.taken[run.index]);
    fitPanel(runs.filter(run => run.shown), work.terms);
    if (atEnd) clock.time = payload.last;
    element("counter").textContent = "";  // so that it and the legend follow
    controls.update(over);
    retrace();
  };
  watchHandle(controls);
  controls.readAddress();
  beginRace();
  for (const run of work.taken) run.advance(Math.min(setting.steps, CHUNK));
  work.show(work.taken.every(run => run.over));
  if (!work.taken.every(run => run.over)) work.frame ||= requestAnimationFrame(takeSlice);
}
