// The standings: per run its rank, a button that switches it on and off, its loss and outcome, and its hyper-parameters.
const SVG = "http://www.w3.org/2000/svg";

function make(name, facts = {}, ...parts) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(facts)) made.setAttribute(key, value);
  made.append(...parts);
  return made;
}

function makeLegend(runs) {
  element("legend").replaceChildren(...runs.map(run => {
    const toggle = make("button", {type: "button", class: "toggle", "aria-pressed": "true", title: run.label});
    run.sample = document.createElementNS(SVG, "svg");
    run.sample.setAttribute("viewBox", "0 0 36 14");
    run.sample.setAttribute("aria-hidden", "true");
    run.place = make("span", {class: "place"});
    toggle.append(run.place, run.sample, make("span", {class: "name"}, run.label));
    run.toggle = toggle;
    run.lossText = make("span", {class: "loss"});
    run.status = make("span", {class: "outcome"});
    run.short = make("span", {class: "short", "aria-hidden": "true"});
    run.settings = make("div", {class: "settings"});
    return make("li", {}, toggle, run.lossText, run.status, run.short, run.settings);
  }));
}

// The line samples in the colours of a theme.
function styleLegend(runs, look) {
  for (const run of runs) {
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
    const over = run.outcome && time >= run.since;
    const loss = run.steps?.length && !(over && run.stopped !== null) ? fourDigits(run.loss_values[positionAt(run, time).at]) : "";
    const outcome = over ? run.outcome : "";
    if (run.status.textContent !== outcome) {
      run.status.textContent = run.status.title = run.short.title = outcome;
      run.short.textContent = outcome && run.sign ? `${run.sign} ${run.since}` : "";
    }
    if (run.lossText.textContent !== loss) run.lossText.textContent = loss;
  }
  const shown = runs.filter(run => run.shown);
  for (const run of runs) if (!run.shown || !run.steps?.length) run.place.textContent = "";
  if (payload.standings) writePlaces(shown, time);
}

function replaceRows() {}
