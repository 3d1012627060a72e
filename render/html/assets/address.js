// The state as a fragment of the address: what differs from the published race, and back.

function addressOf(setting) {
  const {formula, start, steps, seed, noise, clip, schedule, around, runs} = setting, own = published(setting.function), parts = [];
  const put = (name, ...values) => parts.push(`${name}=${values.map(value => encodeURIComponent(value)).join()}`);
  if (setting.function) put("f", functions[setting.function].function);
  if (formula) {
    put("formula", formula.text);
    put("box", ...formula.box);
    if (formula.lowest !== null) put("lowest", formula.lowest);
  }
  if (formula || start.join() !== own.start.join()) put("start", ...start);
  if (steps !== own.steps) put("steps", steps);
  if (seed !== own.seed) put("seed", seed);
  if (noise) put("noise", ...(noise.kind === "normal" ? [] : [noise.kind]), ...settingsOf(noise));
  if (clip) put("clip", clip.norm);
  if (schedule) put("schedule", schedule.name, ...settingsOf(schedule));
  if (around) put("around", around.name, ...settingsOf(around));
  const has = list => list.flatMap((run, k) => run && k < optimizers.length ? [k + 1] : []);
  if (has(runs).join() !== has(own.runs).join()) put("race", ...has(runs));
  runs.forEach((run, k) => run && k >= optimizers.length && put(`copy${k + 1}`, run.optimizer + 1));
  const off = runs.flatMap((run, k) => run && !run.shown ? [k + 1] : []);
  if (off.length) put("off", ...off);
  runs.forEach((run, k) => run?.values.forEach((value, i) => {
    if (value !== functions[setting.function].values[run.optimizer][i]) put(`${k + 1}.${optimizers[run.optimizer].names[i]}`, value);
  }));
  return parts.join("&").replaceAll("%2C", ",");
}

// The setting of a fragment, and the parts of it that say nothing.
function parseAddress(hash) {
  const ignored = [], parts = hash.replace(/^#/, "").split("&").filter(Boolean).map(part => {
    const at = part.indexOf("="), key = decoded(at < 0 ? part : part.slice(0, at)), text = at < 0 ? "" : decoded(part.slice(at + 1));
    return {part, key, text, numbers: text.split(",").map(one => one.trim() === "" ? NaN : Number(one))};
  });
  const setting = published(Math.max(functions.findIndex(one => one.function === parts.find(({key}) => key === "f")?.text), 0));
  const place = {f: 0, formula: 1, box: 2, race: 3};  // before what depends on them
  const rank = key => place[key] ?? (/^copy\d/.test(key) ? 4 : 5);
  for (const one of [...parts].sort((a, b) => rank(a.key) - rank(b.key))) if (!readPart(setting, one)) ignored.push(one.part.slice(0, 40));
  return {setting, ignored};
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {  // a stray %
    return text;
  }
}

// Takes a part of the address into the setting; whether it says something.
function readPart(setting, {key, text, numbers}) {
  const {runs} = setting, finite = numbers.every(Number.isFinite), whole = i => Number.isInteger(i) && i >= 1 && i <= runs.length;
  const [, slot, name] = /^(\d+)\.(.+)$/.exec(key) ?? [], run = slot && runs[slot - 1], copy = Number(/^copy(\d+)$/.exec(key)?.[1]);
  const blank = k => ({optimizer: k, values: [...functions[setting.function].values[k]], shown: true});
  if (run) {
    const {names, limits} = optimizers[run.optimizer], i = names.indexOf(name);
    if (i < 0 || numbers.length > 1 || complaint("", numbers[0], limits[i])) return false;
    run.values[i] = numbers[0];
  } else if (key === "f") return functions.some(one => one.function === text);
  else if (key === "formula") {
    if (tried(() => parseFormula(text)) === null) return false;
    setting.formula = {text, box: [-5, 5, -5, 5], lowest: null};
  } else if (key === "box" && setting.formula && numbers.length === 4 && finite && numbers[0] < numbers[1] && numbers[2] < numbers[3]) setting.formula.box = numbers;
  else if (key === "lowest" && setting.formula && numbers.length === 1 && finite) setting.formula.lowest = numbers[0];
  else if (key === "start" && numbers.length === 2 && finite) setting.start = numbers;
  else if (key === "steps" && !complaint("", numbers[0], {low: 1, high: MOST_STEPS, integer: true})) setting.steps = numbers[0];
  else if (key === "seed" && !complaint("", numbers[0], SEEDS)) setting.seed = numbers[0];
  else if (key === "race" && numbers.every(i => whole(i) && i <= optimizers.length)) runs.forEach((_, k) => runs[k] = numbers.includes(k + 1) ? blank(k) : null);
  else if (copy > optimizers.length && whole(copy) && whole(numbers[0]) && numbers[0] <= optimizers.length) runs[copy - 1] = blank(numbers[0] - 1);
  else if (key === "off" && numbers.every(i => runs[i - 1])) for (const i of numbers) runs[i - 1].shown = false;
  else if (["noise", "clip", "schedule", "around"].includes(key)) return (setting[key] = wrapperOf(key, text.split(","))) !== null;
  else return false;
  return true;
}

let addressTimer = 0;
function writeAddress() {
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => {
    try {
      history.replaceState(null, "", `#${addressOf(setting)}`);
    } catch {  // a page within a frame without an address of its own has none to write
    }
  }, 300);
}
