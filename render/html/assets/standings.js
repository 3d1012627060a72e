// The standings: per run its rank, a button that switches it on and off, its loss and outcome, and its hyper-parameters.
const SVG = "http://www.w3.org/2000/svg";

function make(name, facts = {}, ...parts) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(facts)) made.setAttribute(key, value);
  made.append(...parts);
  return made;
}

function makeLegend() {}

// One row per optimizer in the race, in the order in which they were added.
function fillRows(runs, controls) {
  for (const run of runs) {
    const own = setting.runs[run.index];
    if (!own) [run.row, run.update] = [null, null];
    else if (!run.row || run.optimizer !== own.optimizer) makeRow(run, runs, controls);
  }
  const rows = present(runs).map(run => run.row), list = element("legend");
  if (rows.length === list.children.length && rows.every((row, i) => row === list.children[i])) return;
  list.replaceChildren(...rows);
  styleLegend(runs, look());
}

function makeRow(run, runs, controls) {
  run.optimizer = setting.runs[run.index].optimizer;
  if (run.index >= optimizers.length) run.label = unusedLabel(run, runs);
  run.toggle = make("button", {type: "button", class: "toggle", "aria-pressed": "true", title: run.label});
  run.sample = document.createElementNS(SVG, "svg");
  run.sample.setAttribute("viewBox", "0 0 36 14");
  run.sample.setAttribute("aria-hidden", "true");
  run.place = make("span", {class: "place"});
  run.toggle.append(run.place, run.sample, make("span", {class: "name"}, run.label));
  run.lossText = make("span", {class: "loss"});
  run.status = make("span", {class: "outcome"});
  run.short = make("span", {class: "short", "aria-hidden": "true"});
  run.settings = make("div", {class: "settings"});
  run.row = make("li", {}, run.toggle, run.lossText, run.status, run.short, run.settings);
  run.update = makeHyperparameters(run, controls);
  run.toggle.addEventListener("click", () => controls.changed(() => setting.runs[run.index].shown = !setting.runs[run.index].shown, false));
}

// The label of a copy: that of its optimizer and a number.
function unusedLabel(run, runs) {
  const taken = new Set(runs.filter(one => one !== run && setting.runs[one.index]).map(one => one.label)), {label} = payload.runs[run.optimizer];
  for (let number = 2; ; number++) if (!taken.has(`${label} ${number}`)) return `${label} ${number}`;
}

// The line samples in the colours of a theme.
function styleLegend(runs, look) {
  for (const run of runs) {
    if (!run.row) continue;
    const {color, marker, dashes} = look.runs[run.index];
    const piece = (name, facts) => {
      const made = document.createElementNS(SVG, name);
      for (const [key, value] of Object.entries(facts)) made.setAttribute(key, value);
      return made;
    };
    run.sample.replaceChildren(
      piece("path", {d: "M2 7H29", stroke: color, fill: "none", "stroke-width": 3, "stroke-linecap": dashes.length ? "butt" : "round", "stroke-dasharray": dashes.map(dash => 2.4 * dash).join(" ")}),
      piece("path", {d: payload.shapes[marker], fill: color, transform: "translate(29 7) scale(9)"}),
    );
    run.settings.style.setProperty("accent-color", color);
  }
}

// Per run: its current loss, and its outcome once it has come to it.
function updateLegend(runs, time) {
  for (const run of runs) {
    if (!run.row) continue;
    const over = run.outcome && time >= run.since;
    const loss = run.steps.length && !(over && run.stopped !== null) ? fourDigits(run.loss_values[positionAt(run, time).at]) : "";
    const outcome = over ? run.outcome : "";
    if (run.status.textContent !== outcome) {
      run.status.textContent = run.status.title = run.short.title = outcome;
      run.short.textContent = outcome && run.sign ? `${run.sign} ${run.since}` : "";
    }
    if (run.lossText.textContent !== loss) run.lossText.textContent = loss;
    if (!run.shown || !run.steps.length) run.place.textContent = "";
  }
  if (payload.standings) writePlaces(runs.filter(run => run.shown), time);
}

function replaceRows() {}
