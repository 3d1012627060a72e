// The verdicts of live studies: from the runs of the page, by label, the value of the slider and the format of numbers, a sentence. A run has
// {status, stopped, reached, last, final, first, gap, point(t), loss}: how it ended, the step from which it stays at the
// target, the last loss and the first, the last gap to the minimum, the point of a step, and the losses of all steps.
const verdicts = {
  "01_saddle"(runs, value, number) {
    const escape = run => { for (let t = 0; t <= run.last; t++) if (Math.abs(run.point(t)[1]) > 1) return t; return null; };
    const [adam, sgd] = [escape(runs.Adam), escape(runs.SGD)], said = (name, t) => t === null ? `${name} is still near it after ${runs[name].last} steps` : `${name} is more than 1 away from the ridge at step ${t}`;
    if (value === 0 && adam === null && sgd === null) return `Only when: exactly on the ridge both stay, y = ${number(runs.Adam.point(runs.Adam.last)[1])} for Adam and ${number(runs.SGD.point(runs.SGD.last)[1])} for SGD.`;
    return `${adam === null ? "Holds here" : "Does not hold here"}: from y = ${value}, ${said("Adam", adam)}; ${said("SGD", sgd)}.`;
  },
  "03_rate_too_high"(runs, value, number) {
    const rise = run => { let most = 0; for (let t = 0; t <= run.last; t++) most = Math.max(most, run.loss[t]); return most / run.first; };
    const [adam, sgd] = [rise(runs.Adam), rise(runs.SGD)], ended = runs.SGD.final / runs.SGD.first;
    return `${adam > 10 ? "Holds here" : "Does not hold here"}: at lr ${value} Adam's loss ${adam > 1.0001 ? `rises to ${number(adam)} times its first value` : "never rises above its first value"}, and ends ${number(runs.Adam.gap)} above the minimum. ` +
      (runs.SGD.status === "diverged" || runs.SGD.status === "non-finite" ? `SGD diverges at step ${runs.SGD.stopped}.` : ended > 1 ? `SGD's loss grows ${number(sgd)}-fold.` : `SGD ends ${number(runs.SGD.gap)} above the minimum.`);
  },
  "08_data_scaling"(runs, value, number) {
    const bias = run => Math.abs(run.point(run.last)[1]), failed = run => run.status === "diverged" || run.status === "non-finite";
    const calm = runs["SGD, lr 0.1/λ"], said = name => failed(runs[name]) ? `${name} diverges at step ${runs[name].stopped}` : `${name} ends ${number(bias(runs[name]))} away from the best bias`;
    return `${failed(runs.SGD) ? "Holds here" : "Does not hold here"}: on ${value ? `data up to ${value}` : "standardized data"}, at lr 0.01, ${said("SGD")}; ${said("Adam")}. At a twentieth of its stable rate SGD ends ${number(bias(calm))} away from it.`;
  },
  "10_ravine"(runs, value, number) {
    const taken = name => runs[name].reached === null ? `more than ${runs[name].last}` : String(runs[name].reached);
    const order = ["SGD", "RMSprop", "Momentum", "Adam"].map(name => `${name} ${taken(name)}`), rms = runs.RMSprop.reached ?? Infinity, sgd = runs.SGD.reached ?? Infinity;
    return `${rms < sgd ? "Holds here" : "Does not hold here"}: at ${value}°, steps to a ten-thousandth of the first loss: ${order.join(", ")}. Momentum does not see the angle; RMSprop ${rms < sgd ? "is faster than SGD" : "is no faster than SGD"}.`;
  },
  "11_plateau_and_cliff"(runs, value, number) {
    const left = run => { for (let t = 0; t <= run.last; t++) if (run.loss[t] < 0.5) return t; return null; };
    const said = name => left(runs[name]) === null ? `${name} stays on the plateau for all ${runs[name].last} steps` : `${name} leaves it at step ${left(runs[name])}`;
    return `${left(runs.SGD) === null ? "Holds here" : "Does not hold here"}: ${said("SGD")}; ${said("Momentum")}; with ε = ${value}, ${said("Adam")}.`;
  },
  "12_bias_correction"(runs, value, number) {
    const length = run => Math.hypot(...run.point(1).map((at, i) => at - run.point(0)[i])) / (0.02 * Math.SQRT2), raw = length(runs["Adam, uncorrected"]);
    return `${raw < 0.99 ? "Holds here" : "Does not hold here"}: at β₂ = ${value}, the first step without correction is ${number(raw)} times the learning rate, ${raw > 1 ? "too long" : "too short"}; with correction it is ${number(length(runs.Adam))} times.`;
  },
  "13_two_momenta"(runs, value, number) {
    const apart = (one, other) => { let most = 0; for (let t = 0; t <= Math.min(one.last, other.last); t++) most = Math.max(most, Math.hypot(...one.point(t).map((at, i) => at - other.point(t)[i]))); return most; };
    const ball = apart(runs.Momentum, runs["Heavy ball"]), mean = apart(runs.Momentum, runs.Averaged);
    return `${Math.max(ball, mean) < 1e-9 ? "Holds here" : "Does not hold here"}: at μ = ${value}, the heavy ball is at most ${number(ball)} away from momentum, and averaged momentum, at ten times the rate, ${number(mean)}. It is the same only where 1 − μ = 0.1.`;
  },
  "14_weight_decay"(runs, value, number) {
    const moved = run => Math.hypot(...run.point(run.last).map((at, i) => at - run.point(0)[i])), [l2, adamw] = [moved(runs["Adam with L2"]), moved(runs.AdamW)];
    if (value === 0) return `Does not hold here: without decay both stay at the minimum (${number(l2)} and ${number(adamw)} away).`;
    return `${Math.abs(l2 - adamw) > 0.1 * Math.max(l2, adamw) ? "Holds here" : "Does not hold here"}: at λ = ${value}, L2 moves Adam by ${number(l2)}, decoupled decay moves AdamW by ${number(adamw)}.`;
  },
  "15_unfair_races"(runs, value, number) {
    const [sgd, adam] = [runs.SGD.reached, runs.Adam.reached], said = (name, t) => t === null ? `${name} does not reach the target` : `${name} reaches it at step ${t}`;
    const ratio = sgd !== null && adam !== null ? sgd / adam : null;
    return `${ratio !== null && ratio >= 5 ? "Holds here" : "Does not hold here"}: at lr ${value} for both, ${said("SGD", sgd)}; ${said("Adam", adam)}${ratio === null ? "" : `: SGD takes ${number(ratio)} times Adam's steps`}. One rate for both compares nothing.`;
  },
  "16_betas"(runs, value, number) {
    const {Adam: adam} = runs, tail = [];
    for (let t = Math.max(adam.last - 32, 0); t <= adam.last; t++) tail.push(Math.max(adam.loss[t], 1e-30));
    let low = Infinity, wave = 0;
    for (const loss of tail) [low, wave] = [Math.min(low, loss), Math.max(wave, loss / Math.min(low, loss))];
    const kind = adam.stopped !== null || adam.final > adam.first ? "fails" : adam.gap <= 1e-4 * adam.first ? "converges" : wave > 1.1 ? "oscillates" : "is slow";
    return `${kind === "converges" ? "Does not hold here" : "Holds here"}: at β₁ = ${value} and lr 0.1, Adam ${kind}; its loss is ${number(adam.final)} after ${adam.last} steps.`;
  },
  "17_zero_grad"(runs, value, number) {
    const {SGD: sgd} = runs, solved = sgd.final < 1e-6 * sgd.first;
    let swing = 0;
    for (let t = Math.floor(sgd.last / 2); t <= sgd.last; t++) swing = Math.max(swing, Math.hypot(...sgd.point(t)));
    return value === 1
      ? `${solved ? "Does not hold" : "Holds"}: with accumulated gradients, in the second half the run still swings ${number(swing)} away from the minimum, from a start ${number(Math.hypot(...sgd.point(0)))} away.`
      : `With momentum ${value} past gradients decay: the last loss is ${number(sgd.final / sgd.first)} of the first${solved ? ", the minimum is found" : ""}.`;
  },
  "18_vanishing_gradients"(runs, value, number) {
    const first = Math.hypot(...runs.SGD.point(1).map((at, i) => (at - runs.SGD.point(0)[i]) / 0.1)), failed = run => run.status === "diverged" || run.status === "non-finite";
    const said = name => failed(runs[name]) ? `${name} explodes at step ${runs[name].stopped}` : runs[name].reached === null ? `${name} is at a loss of ${number(runs[name].final)} after ${runs[name].last} steps` : `${name} arrives at step ${runs[name].reached}`;
    return `${runs.SGD.reached === null ? "Holds here" : "Does not hold here"}: with ${value} layers the first gradient is ${number(first)}; ${said("SGD")}; ${said("SGD, clipped")}; ${said("Adam")}.`;
  },
};
