// Wrappers of optimizers: gradient noise, clipping and schedules, with the operations of the engine in their order.

// Philox4x32-10 (Salmon, Moraes, Dror & Shaw, 2011): four random words of 32 bits per counter, as landscapes.random.
const philox = (counter, [k, l]) => {
  const high = (a, b) => {
    const m = a & 65535, n = a >>> 16, p = b & 65535, q = b >>> 16;
    return (n * q + Math.floor((n * p + m * q + Math.floor(m * p / 65536)) / 65536)) >>> 0;
  };
  let [a, b, c, d] = counter;
  for (let i = 0; i < 10; i++) {
    [a, b, c, d] = [
      (high(c, 0xCD9E8D57) ^ b ^ k) >>> 0, Math.imul(c, 0xCD9E8D57) >>> 0,
      (high(a, 0xD2511F53) ^ d ^ l) >>> 0, Math.imul(a, 0xD2511F53) >>> 0,
    ];
    [k, l] = [(k + 0x9E3779B9) >>> 0, (l + 0xBB67AE85) >>> 0];
  }
  return [a, b, c, d];
};

// Pairs of integers below 2⁵³ of stream 0, which all runs of a race share: the first ones, then the second ones.
const pairs = (seed, step, purpose, count) => {
  const key = [seed % 2 ** 32, Math.floor(seed / 2 ** 32)], first = [], second = [];
  for (let i = 0; i < count; i++) {
    const [a, b, c, d] = philox([0, 0, step, purpose * 65536 + i], key);
    first.push(a * 2 ** 21 + (b >>> 11));
    second.push(c * 2 ** 21 + (d >>> 11));
  }
  return [first, second];
};

const uniform = (seed, step, purpose, count) => pairs(seed, step, purpose, (count + 1) >> 1).flat().slice(0, count).map(n => n * 2 ** -53);

// Standard normal numbers (Box & Muller, 1958).
const normal = (seed, step, purpose, count) => {
  const [first, second] = pairs(seed, step, purpose, (count + 1) >> 1), unit = 2 ** -53 * 2 * Math.PI;
  const radius = first.map(n => Math.sqrt(-2 * Math.log((n + 0.5) * 2 ** -53)));
  return [...radius.map((r, i) => r * Math.cos(second[i] * unit)), ...radius.map((r, i) => r * Math.sin(second[i] * unit))].slice(0, count);
};

const cellLog = u => Math.log(u + 2 ** -54);

// The factors and the summands of d gradient coordinates, by the kind of noise.
const noises = {
  normal: (own, which, d) => [null, normal(...which, d).map(n => own.sigma * n)],
  student: (own, which, d) => {
    const u = uniform(...which, 2 * d);
    return [null, u.slice(0, d).map((one, i) => own.sigma * (Math.sqrt(own.df * Math.expm1(-2 / own.df * cellLog(one))) * Math.cos(2 * Math.PI * u[d + i])))];
  },
  stable: ({sigma, alpha}, which, d) => {
    const u = uniform(...which, 2 * d);
    return [null, u.slice(0, d).map((one, i) => {
      const angle = Math.PI * (u[d + i] + 2 ** -54 - 0.5), wait = Math.log(-cellLog(one));
      const stretch = (1 - alpha) / alpha * (Math.log(Math.cos((1 - alpha) * angle)) - wait);
      return sigma * (Math.sin(alpha * angle) * Math.exp(stretch - Math.log(Math.cos(angle)) / alpha));
    })];
  },
  minibatch: (own, which, d) => {
    const both = normal(...which, 2 * d);
    return [both.slice(0, d).map(n => 1 + own.sigma * n), both.slice(d).map(n => own.additive * n)];
  },
  spikes: (own, which, d) => {
    const struck = uniform(...which, 2 * d + 2).at(-1) < own.probability ? 1 : 0;
    return [null, normal(...which, d).map(n => struck * own.sigma * n)];
  },
};

// The gradient that the optimizer sees in step t.
const transforms = {
  noise: (own, inside, seed) => (t, g) => {
    const [factor, added] = noises[own.kind](own, [seed, t, 0x4000 + inside], g.length);
    return g.map((one, i) => (factor ? one * factor[i] : one) + added[i]);
  },
  clip: ({norm, value}) => (t, g) => {
    if (value !== null) g = g.map(one => Math.max(Math.min(one, value), -value));
    if (norm === null) return g;
    const share = Math.min(1 / (Math.sqrt(g.reduce((sum, one) => sum + one * one, 0)) + 1e-6) * norm, 1);
    return g.map(one => one * share);
  },
};

const oneCycle = (own, t, last, first, peak, end) => {
  const turn = own.rise * last - 1, share = (from, to) => to !== from ? (t - from) / (to - from) : 1;
  const between = (a, b, part) => own.straight ? (b - a) * part + a : b + (a - b) / 2 * (Math.cos(Math.PI * part) + 1);
  if (t <= turn) return between(first, peak, share(0, turn));
  if (!own.three_phase) return between(peak, end, share(turn, last - 1));
  const back = 2 * own.rise * last - 2;
  return t <= back ? between(peak, first, share(turn, back)) : between(first, end, share(back, last - 1));
};

const linear = {
  first: (base, last, own) => base * own.start,
  next: (lr, base, t, last, own) => t > last ? lr : lr * (1 + (own.end - own.start) / (last * own.start + (t - 1) * (own.end - own.start))),
};

const restarts = (base, t, {period, growth, lowest}) => {
  while (growth > 1 && t >= period) [t, period] = [t - period, period * growth];
  return lowest + (base - lowest) * (1 + Math.cos(Math.PI * (t % period) / period)) / 2;
};

const powerOf = (b, p) => p === 1 ? b : p === 2 ? b * b : Math.pow(b, p);

// Learning rates: that of step 1 is `first`, that of step t + 1 follows from that of step t.
const schedules = {
  constant: {first: (base, last, own) => base * own.start, next: (lr, base, t, last, own) => t === own.over ? lr * (1 / own.start) : lr},
  cosine: {next: (lr, base, t, last, {lowest}) => {
    if ((t - 1 - last) % (2 * last) === 0) return lr + (base - lowest) * (1 - Math.cos(Math.PI / last)) / 2;
    return (1 + Math.cos(Math.PI * t / last)) / (1 + Math.cos(Math.PI * (t - 1) / last)) * (lr - lowest) + lowest;
  }},
  exponential: {next: (lr, base, t, last, own) => lr * own.gamma},
  inverse_time: {next: (lr, base, t, last, own) => base / powerOf(1 + own.decay * t, own.power)},
  linear,
  multi_step: {next: (lr, base, t, last, own) => own.at.includes(t) ? lr * powerOf(own.gamma, own.at.filter(step => step === t).length) : lr},
  one_cycle: {
    first: (base, last, own) => schedules.one_cycle.next(base, base, 0, last, own),
    next: (lr, base, t, last, own) => oneCycle(own, t, last, base / own.div, base, base / own.div / own.final_div),
  },
  polynomial: {next: (lr, base, t, last, own) => {
    if (t > last) return lr;
    return lr * powerOf((1 - t / last) / (1 - (t - 1) / last), own.power);
  }},
  step_decay: {next: (lr, base, t, last, own) => t % own.every === 0 ? lr * own.gamma : lr},
  warm_restarts: {first: (base, last, own) => restarts(base, 0, own), next: (lr, base, t, last, own) => restarts(base, t, own)},
  warm_up: linear,
};

// What wrappers make of a run, from the outermost inwards: `seen` and `rates` of its steps, undefined if nothing.
const wrap = (chain, values, lr, momentum, steps, seed) => {
  const seen = chain.map((own, k) => transforms[own.name]?.(own, chain.slice(k + 1).filter(one => one.name === "noise").length, seed)).filter(Boolean);
  const parts = chain.filter(own => own.name in schedules).map(own => {
    const last = own.steps || steps, {first = base => base} = schedules[own.name];
    return {own, last, next: schedules[own.name].next, lr: first(values[lr], last, own)};
  });
  const now = [...values], base = values[lr];
  return {
    seen: seen.length ? (t, v) => [v[0], ...seen.reduce((g, see) => see(t, g), v.slice(1))] : undefined,
    rates: parts.length ? t => {
      let outer = base;
      for (const part of parts) {
        if (t > 1) part.lr = part.next(part.lr, base, t - 1, part.last, part.own);
        outer = part.lr * (base !== 0 ? outer / base : 1);
        if (part.own.cycle_momentum && momentum >= 0) now[momentum] = oneCycle(part.own, t - 1, part.last, part.own.high, part.own.low, part.own.high);
      }
      now[lr] = outer;
      return now;
    } : undefined,
  };
};
