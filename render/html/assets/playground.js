// What races: the function, one of the file or a formula, and the optimizers.
const TYPED = "formula";  // the choice of a formula among the places of functions

// The title becomes a choice of functions; a formula has a line of its own below it.
function makeChooser(controls) {
  const select = make("select", {id: "function", "aria-label": say("function")});
  select.append(...payload.scenes.map(({title}, i) => make("option", {value: i}, title)), make("option", {value: TYPED}, say("your own formula")));
  document.querySelector("h1").replaceChildren(select);
  const text = make("input", {type: "text", id: "formula", spellcheck: "false", autocomplete: "off", autocapitalize: "off", "aria-label": say("formula of x and y"), "aria-describedby": "wrong"});
  const wrong = make("pre", {id: "wrong", role: "alert", hidden: ""}), sides = ["x", "y"].map(() => [0, 1].map(() => make("input", {type: "text", inputmode: "decimal", class: "number"})));
  const lowest = make("input", {type: "text", inputmode: "decimal", class: "number", id: "lowest", "aria-label": say("lowest value"), "aria-describedby": "found"}), found = make("small", {id: "found", role: "status"});
  const line = make(
    "div", {id: "typed", hidden: ""}, make("label", {}, "f(x, y) = ", text), ...["x", "y"].map((name, i) => make("span", {class: "side"}, `${name}: `, ...sides[i].flatMap((input, k) => k ? [" … ", input] : [input]))),
    make("span", {class: "lowest"}, `${say("lowest value")}: `, lowest, " ", found), wrong,
  );
  document.querySelector("header").append(line);
  sides.forEach((pair, i) => pair.forEach((input, k) => input.setAttribute("aria-label", `${"xy"[i]} ${say(k ? "to" : "from")}`)));
  const complain = words => {
    wrong.textContent = words;
    wrong.hidden = !words;
    text.setAttribute("aria-invalid", String(Boolean(words)));
  };
  const number = input => input.value.trim() === "" ? NaN : Number(input.value.replace("−", "-").replace(decimal, "."));
  const take = () => {
    const box = sides.flat().map(number), [x0, x1, y0, y1] = box;
    try {
      parseFormula(text.value);
    } catch (error) {
      if (!(error instanceof FormulaError)) throw error;
      return complain(formulaComplaint(error));
    }
    if (!(x0 < x1 && y0 < y1) || !box.every(Number.isFinite)) return complain(`${x0 < x1 ? "y" : "x"}: ${say("from")} < ${say("to")}`);
    complain("");
    const begin = [x0 + 0.2 * (x1 - x0), y0 + 0.2 * (y1 - y0)].map(at => Number(at.toPrecision(6))), {start} = setting;
    const inside = start[0] >= x0 && start[0] <= x1 && start[1] >= y0 && start[1] <= y1;
    const [formula, kept] = [text.value.trim(), setting.formula];
    controls.changed(() => Object.assign(setting, {formula: {text: formula, box, lowest: kept?.text === formula ? kept.lowest : null}, start: inside ? start : begin}));
  };
  lowest.addEventListener("change", () => {
    const given = lowest.value.trim() === "" ? null : number(lowest);
    if (given !== null && !Number.isFinite(given)) controls.note(complaint(say("lowest value"), given, {}));
    else if (setting.formula) controls.changed(() => setting.formula = {...setting.formula, lowest: given});
  });
  select.addEventListener("change", () => {
    complain("");
    if (select.value !== TYPED) return controls.changed(() => setting = moved(Number(select.value)));
    line.hidden = false;
    if (!text.value) text.value = "x**2 + 3*sin(y)**2";
    if (sides[0][0].value === "") [-5, 5, -5, 5].forEach((side, i) => sides.flat()[i].value = localNumber(side));
    take();
    text.focus();
  });
  for (const input of [text, ...sides.flat()]) input.addEventListener("change", take);
  controls.updates.push(() => {
    const {formula} = setting;
    select.value = formula ? TYPED : setting.function;
    line.hidden = !formula && wrong.hidden;
    document.title = payload.title;
    if (!formula) return;
    const {lowest: best} = formulaScene(formula), aim = formula.lowest ?? (best ? Number(best.value.toPrecision(6)) : undefined);
    if (document.activeElement !== lowest) lowest.value = aim === undefined ? "" : localNumber(aim);
    found.textContent = foundWords(formula, best);
    if (line.contains(document.activeElement)) return;
    text.value = formula.text;
    sides.flat().forEach((input, i) => input.value = localNumber(formula.box[i]));
  });
}

// Where the lowest value of a formula is from: it is the target's, and it is not proven.
function foundWords({lowest: given}, best) {
  if (given !== null) return live.aim === null ? say("given; a run went lower: no target") : say("given");
  if (!best) return "";
  const [x, y] = best.point.map(fourDigits);
  if (best.border) return say("found at the border, ({x}, {y}): no target", {x, y});
  return live.aim === null ? say("a run went lower outside the view: no target") : say("found at ({x}, {y}), not proven", {x, y});
}

// What is wrong with a formula, in the language of the page, and the place in its text.
function formulaComplaint({words, values, character, place}) {
  const said = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, listed(value, (one, other) => say("{one} or {other}", {one, other}))]));
  return `${say("character {place}: {problem}", {place: character, problem: say(words, said)})}${place}`;
}

// The published race of another function, with the optimizers and wrappers that are chosen now.
function moved(place) {
  const own = published(place), {values} = functions[place];
  const runs = setting.runs.map(run => run && {...run, values: [...values[run.optimizer]]});
  return {...own, runs, seed: setting.seed, noise: setting.noise, clip: setting.clip, schedule: setting.schedule, around: setting.around};
}

// A choice that adds an optimizer of the file to the race, a second time as well.
function makeAdder(runs, controls) {
  const select = make("select", {id: "add", "aria-label": say("add an optimizer")}, make("option", {value: ""}, `+ ${say("add an optimizer")}`));
  select.append(...optimizers.map((_, k) => make("option", {value: k}, payload.runs[k].label)));
  select.addEventListener("change", () => {
    const k = Number(select.value);
    if (select.value !== "") controls.changed(() => add(k, runs));
    select.value = "";
  });
  controls.updates.push(() => select.disabled = freeSlot(0) === undefined && optimizers.every((_, k) => freeSlot(k) === undefined));
  return [select];
}

function freeSlot(k) {
  const {runs} = setting;
  return runs[k] === null ? k : runs.findIndex((run, i) => i >= optimizers.length && !run) === -1 ? undefined : runs.findIndex((run, i) => i >= optimizers.length && !run);
}

function add(k, runs, values = functions[setting.function].values[k]) {
  const slot = freeSlot(k);
  if (slot === undefined) return;
  runs[slot].added = Math.max(...runs.map(run => run.added)) + 1;
  setting.runs[slot] = {optimizer: k, values: [...values], shown: true};
}

// The buttons that remove an optimizer from the race, and add one like it.
function makeActs(run, controls) {
  const twice = make("button", {type: "button", class: "text twice"}, say("add a copy")), remove = make("button", {type: "button", class: "text remove"}, say("remove"));
  twice.addEventListener("click", () => controls.changed(() => add(run.optimizer, run.all, valuesOf(run))));
  remove.addEventListener("click", () => controls.changed(() => setting.runs[run.index] = null));
  return [twice, remove];
}
