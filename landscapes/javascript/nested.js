// Optimizers in wrappers that look at points and losses: levels of steppers, one in another, as in landscapes/optimizers/wrappers.
// A level has step({t, x, value, gradient, query}), which returns the next point, prepare(t), rate(lr), lr(), and reset(x).

// The optimizer itself: its state, and the hyper-parameters that schedules change.
const innermost = ({init, step, at}, values, lr, momentum, start) => {
  const h = [...values], d = start.length;
  let state = init(...start, ...h), first = 0, last = 0;
  const own = {
    needs: !at, state: () => state, lr: () => h[lr], prepare: () => {},
    rate(value) {
      h[lr] = value;
      if (!last) state = init(...start, ...h);
    },
    momentum: value => { h[momentum] = value; },
    step({t, x, gradient, query}) {
      const g = at ? query(at(...x, ...state, ...h)).slice(1) : gradient, q = step(t - first, ...x, ...g, ...state, ...h);
      [state, last] = [q.slice(d), t];
      return q.slice(0, d);
    },
    reset: x => { [first, state] = [last, init(...x, ...h)]; },
  };
  return own;
};

// A level that changes every gradient within it: that of the step, and those that are queried.
const transforming = (inner, change) => ({...inner, step: context => {
  const {x, gradient, query} = context, within = change(context);
  const asked = to => {
    const [value, ...g] = query(to);
    return [value, ...within(to, g)];
  };
  return inner.step({...context, gradient: inner.needs ? within(x, gradient) : gradient, query: asked});
}});

// A level that sets the learning rate, and perhaps momentum, before each step.
const scheduling = (inner, {first = base => base, next}, own, base, steps, momentum) => {
  const last = own.steps || steps;
  let rate = first(base, last, own), outer = base, now = 1, began = 0, done = 0;
  const age = () => Math.max(now - 1 - began, 0), apply = () => {
    inner.rate(rate * (base !== 0 ? outer / base : 1));
    if (own.cycle_momentum && momentum >= 0) inner.momentum(oneCycle(own, age(), last, own.high, own.low, own.high));
  };
  apply();
  const level = {
    ...inner,
    prepare(t) {
      if (t > now) {
        now = t;
        const later = next(rate, base, Math.max(age(), 1), last, own);
        if (age() > 0) rate = later;
        apply();
      }
      inner.prepare(t);
    },
    rate(value) {
      outer = value;
      apply();
    },
    step(context) {
      level.prepare(context.t);
      done = context.t;
      return inner.step(context);
    },
    reset(x) {
      [began, rate] = [done, first(base, last, own)];
      apply();
      inner.reset(x);
    },
  };
  return level;
};

const plateau = (inner, own, base, steps) => {
  let best = Infinity, bad = 0, cooling = 0, loss = Infinity;
  const next = rate => {
    const better = loss < (own.absolute ? best - own.threshold : best * (1 - own.threshold)), cools = cooling > 0;
    if (better) best = loss;
    bad = better || cools ? 0 : bad + 1;
    const drops = bad > own.patience, lower = Math.max(rate * own.factor, own.lowest);
    cooling = drops ? own.cooldown : cooling - cools;
    if (drops) bad = 0;
    return drops && rate - lower > own.eps ? lower : rate;
  };
  const level = scheduling(inner, {next}, own, base, steps, -1);
  return {
    ...level,
    step(context) {
      const moved = level.step(context);
      loss = context.value;
      return moved;
    },
    reset(x) {
      level.reset(x);
      [best, bad, cooling] = [Infinity, 0, 0];
    },
  };
};

const normOf = g => Math.sqrt(g.reduce((sum, one) => sum + one * one, 0));

// Per wrapper, its level around another one.
const levels = {
  sam: (inner, {rho}) => transforming(inner, ({query}) => (x, g) => {
    const share = 1 / (normOf(g) + 1e-12) * rho;
    return query(x.map((one, i) => one + g[i] * share)).slice(1);
  }),
  forgot_zero_grad: inner => {
    let sum = null;
    const level = transforming(inner, () => (x, g) => sum ? g.map((one, i) => sum[i] + one) : g);
    return {
      ...level,
      step(context) {
        const moved = level.step(context);
        if (inner.needs) sum = context.gradient.map((one, i) => (sum ? sum[i] : 0) + one);
        return moved;
      },
      reset(x) {
        inner.reset(x);
        sum = null;
      },
    };
  },
  stale: (inner, {delay}) => {
    let queue = null;
    return {
      ...inner,
      step(context) {
        const [gradient, ...others] = queue ?? Array(delay).fill(context.gradient);
        queue = [...others, context.gradient];
        return inner.step({...context, gradient});
      },
      reset(x) {
        inner.reset(x);
        queue = null;
      },
    };
  },
  decay: (inner, {weight, decoupled}) => decoupled ? {...inner, step(context) {
    inner.prepare(context.t);
    return inner.step({...context, x: context.x.map(one => one * (1 - inner.lr() * weight))});
  }} : {...inner, step(context) {
    const raised = (value, x) => value + 0.5 * weight * x.reduce((sum, one) => sum + one * one, 0), steeper = (g, x) => g.map((one, i) => one + weight * x[i]);
    const query = to => {
      const [value, ...g] = context.query(to);
      return [raised(value, to), ...steeper(g, to)];
    };
    return inner.step({...context, value: raised(context.value, context.x), gradient: steeper(context.gradient, context.x), query});
  }},
  projected: (inner, {low, high}) => ({...inner, step: context => inner.step(context).map(one => Math.min(Math.max(one, low), high))}),
  lookahead: (inner, {k, alpha}, start) => {
    let slow = start, taken = 0;
    return {
      ...inner,
      step(context) {
        const fast = inner.step(context);
        if (++taken % k !== 0) return fast;
        slow = slow.map((one, i) => one + alpha * (fast[i] - one));
        return slow;
      },
      reset(x) {
        inner.reset(x);
        [slow, taken] = [x, 0];
      },
    };
  },
  reset: (inner, {at, every, patience}) => {
    let age = 0, lowest = Infinity, waited = 0;
    return {
      ...inner,
      step(context) {
        let due = age > 0 && (age === at || (every > 0 && age % every === 0));
        if (patience) {
          [waited, lowest] = context.value < lowest ? [0, context.value] : [waited + 1, lowest];
          due ||= waited >= patience;
          if (due) waited = 0;
        }
        if (due) inner.reset(context.x);
        age++;
        return inner.step(context);
      },
      reset(x) {
        inner.reset(x);
        [age, lowest, waited] = [0, Infinity, 0];
      },
    };
  },
};

const isSchedule = ({name}) => name in schedules || name === "plateau";
const isNested = chain => chain.some(own => own.name in levels || own.name === "plateau");

// A run like that of `kind`, which takes its steps through the levels of a chain, given from the outermost inwards.
const nested = (kind, chain, lr, momentum, seed) => (f, start, steps, values, ended, seen, rates) => {
  const base = innermost(kind, values, lr, momentum, start), scheduled = chain.some(isSchedule);
  let level = base, inside = 0;
  for (const own of [...chain].reverse()) {
    if (own.name === "plateau") level = plateau(level, own, values[lr], steps);
    else if (own.name in schedules) level = scheduling(level, schedules[own.name], own, values[lr], steps, momentum);
    else if (own.name in levels) level = levels[own.name](level, own, start);
    else {
      const change = transforms[own.name](own, inside, seed);
      inside += own.name === "noise";
      level = transforming(level, ({t}) => (x, g) => change(t, g));
    }
  }
  const points = new Float64Array(start.length * (steps + 1)), loss = new Float64Array(steps + 1), d = start.length;
  let from = 0, x = [...start];
  return {x: points, loss, state: () => [...x, ...base.state()], advance(until) {
    for (let t = from;; t++) {
      const [value, ...gradient] = f(...x);
      loss[t] = value;
      points.set(x, d * t);
      if (ended(t, [value, ...gradient], ...x) || t === steps) return true;
      if (t === until) {
        from = t;
        return false;
      }
      x = level.step({t: t + 1, x, value, gradient, query: to => f(...to)});
      if (scheduled) rates?.(t + 1, base.lr());
    }
  }};
};
