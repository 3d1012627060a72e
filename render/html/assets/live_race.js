// Runs of a live page: the steps of the emitted optimizers, which end as the runs of landscapes.race end. No document.
const FAILED = ["non-finite", "diverged"];
const MARGIN_OF_VIEW = 0.05;  // by which the view widens around a start outside
const MOST_POINTS = 4000, FAR = 1000;  // drawn points of a run, and their largest distance in views

// The first loss from a start, the loss to reach (null if there is none), and the box outside which runs diverge.
function raceTerms(live, f, start) {
  const first = f(...start)[0];
  let target = null;
  if (live.unbounded) target = live.lowest === null ? first - 0.5 : first - 0.5 * Math.max(first - live.lowest, 0);
  else if (live.aim !== null) target = live.aim + live.share * Math.max(first - live.aim, 0);
  const box = live.view.map(([low, high], i) => {
    const margin = MARGIN_OF_VIEW * (Math.max(high, start[i]) - Math.min(low, start[i]));
    const from = start[i] < low ? start[i] - margin : low, to = start[i] > high ? start[i] + margin : high;
    return [from - (to - from) * live.roam, to + (to - from) * live.roam];
  });
  return {first, target, box};
}

// A run of an optimizer that is not taken yet; `advance(until)` takes its steps, and returns whether it is over. Wrappers
// in `outer` are around those of the optimizer.
function beginRun(live, {f, kinds}, optimizer, start, steps, values, terms, outer = [], seed = 0) {
  const {gtol, ftol, xtol} = live.stop, [[x0, x1], [y0, y1]] = terms.box, {gradient} = optimizer;
  const run = {optimizer, values, stopped: null, reason: "", done: 0, over: false};
  const end = (t, reason) => {
    [run.stopped, run.reason] = [t, reason];
    return true;
  };
  const converged = (v, x, y) =>
    gtol !== undefined && Math.hypot(v[1], v[2]) <= gtol ? "gtol"
    : ftol !== undefined && v[0] - live.minimum <= ftol ? "ftol"
    : xtol !== undefined && live.minima.some(([a, b]) => Math.hypot(x - a, y - b) <= xtol) ? "xtol" : "";
  const stops = Object.keys(live.stop).length > 0;
  const ended = (t, v, x, y) => {
    if (!(x >= x0 && x <= x1 && y >= y0 && y <= y1)) return end(t, Number.isFinite(x) && Number.isFinite(y) ? "bound" : "non-finite");
    if (v[0] - v[0] !== 0 || (gradient && t < steps && v[1] - v[1] + (v[2] - v[2]) !== 0)) return end(t, "non-finite");
    const reason = stops ? converged(v, x, y) : "";
    return reason !== "" && end(t, reason);
  };
  const {kind, own, wrapped, chain} = assembled(optimizer, values, [...outer, ...(optimizer.chain ?? [])], steps, seed);
  let rates = wrapped.rates;
  if (rates) {
    const lr = own.lr;
    run.rates = new Float64Array(steps + 1);
    rates = t => {
      const now = wrapped.rates(t);
      run.rates[t] = now[lr];
      if (t === 1) run.rates[0] = now[lr];
      return now;
    };
  }
  const deep = chain.length > 0 && isNested(chain);
  if (deep && rates) rates = (t, lr) => run.rates[t] = run.rates[t - 1 && t] = lr;
  const begin = deep ? nested(kinds[kind], chain, own.lr, own.momentum, seed) : kinds[kind];
  const taken = begin(f, start, steps, own.values, ended, wrapped.seen, rates);
  run.x = taken.x;
  run.loss = taken.loss;
  run.state = taken.state;
  run.advance = until => {
    run.over = taken.advance(until);
    run.done = run.stopped ?? Math.min(until, steps);
    if (run.over) settle(live, run, steps, terms);
    return run.over;
  };
  return run;
}

// The function that takes an optimizer's steps, the values that it takes, and what wrappers make of them. Terms of
// hyper-parameters at zero are omitted, unless one of them is raised.
function assembled({names, lr, kind, plain = kind, zero = [], raised = null, momentum = -1}, values, chain, steps, seed) {
  const cycles = momentum >= 0 && chain.some(own => own.cycle_momentum);
  const whole = raised !== null && zero.some(i => values[i] !== 0 || (cycles && i === momentum));
  const taken = names.map((_, i) => i).filter(i => whole || !zero.includes(i)), own = {values: taken.map(i => values[i]), lr: taken.indexOf(names.indexOf(lr)), momentum: taken.indexOf(momentum)};
  const wrapped = !chain.length ? {} : isNested(chain) ? {rates: chain.some(isSchedule)} : wrap(chain, own.values, own.lr, own.momentum, steps, seed);
  return {kind: whole ? raised : plain, own, wrapped, chain};
}

// Where a run ends: its last valid step, its status, and the step from which its loss stays at the target.
function settle(live, run, steps, {target}) {
  const stopped = run.stopped, bad = run.reason === "non-finite" || run.reason === "bound";
  run.last = stopped === null ? steps : Math.max(bad ? stopped - 1 : stopped, 0);
  run.final = run.loss[run.last];
  const below = target !== null && run.final <= target;
  run.status = run.reason === "non-finite" ? "non-finite" : below && live.unbounded ? "unbounded"
    : run.reason === "bound" ? "diverged" : below || run.reason ? "converged" : "max_steps";
  run.reached = null;
  if (!below || FAILED.includes(run.status)) return;
  for (run.reached = run.last; run.reached > 0 && run.loss[run.reached - 1] <= target;) run.reached--;
}

// What the verdict of a study knows of a run that is over.
function verdictRun({status, stopped, reached, last, final, loss, x}, origin) {
  return {status, stopped, reached, last, final, loss, first: loss[0], gap: final - (origin ?? 0), point: t => [x[2 * t], x[2 * t + 1]]};
}

// The points and losses of a run up to a step: points as shares of a box, and losses as gaps to an origin, if there is one.
function pathOf({x, loss}, last, [x0, x1, y0, y1], origin) {
  const share = (at, low, high) => Math.min(Math.max((at - low) / (high - low), -FAR), FAR), steps = thinned(loss, last);
  const loss_values = Float64Array.from(steps, t => loss[t]);
  return {
    steps, loss_values, gap: origin ? loss_values.map(loss => loss - origin) : loss_values,
    u: Float64Array.from(steps, t => share(x[2 * t], x0, x1)), v: Float64Array.from(steps, t => share(x[2 * t + 1], y0, y1)),
  };
}

// The steps to draw: all, or of each stretch the first, the lowest and the highest loss.
function thinned(loss, last) {
  if (last < MOST_POINTS) return Float64Array.from({length: last + 1}, (_, t) => t);
  const stretch = Math.ceil(3 * last / MOST_POINTS), kept = new Set();
  for (let from = 0; from <= last; from += stretch) {
    let low = from, high = from;
    for (let t = from; t < Math.min(from + stretch, last + 1); t++) {
      if (loss[t] < loss[low]) low = t;
      if (loss[t] > loss[high]) high = t;
    }
    for (const t of [from, Math.min(low, high), Math.max(low, high)]) kept.add(t);
  }
  return Float64Array.from(kept.add(last));
}
