// The legend: one button per run, which toggles the run and shows its current loss.

function makeLegend(runs, changed) {
  element("legend").classList.toggle("many", runs.length > 8);
  element("legend").replaceChildren(...runs.map(run => {
    const row = document.createElement("li"), button = document.createElement("button");
    const part = name => {
      const made = document.createElement("span");
      made.className = name;
      button.append(made);
      return made;
    };
    button.type = "button";
    button.title = run.label;
    button.setAttribute("aria-pressed", "true");
    run.sample = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    run.sample.setAttribute("viewBox", "0 0 36 14");
    run.sample.setAttribute("aria-hidden", "true");
    button.append(run.sample);
    part("name").append(...inTwo(run.label));
    run.status = part("rate");
    run.short = part("short");
    run.lossText = part("loss");
    button.addEventListener("click", () => {
      run.shown = !run.shown;
      button.setAttribute("aria-pressed", String(run.shown));
      changed();
    });
    row.append(button);
    return row;
  }));
}

// A name whose beginning is cut where it has no room: ends distinguish names.
function inTwo(label) {
  const letters = [...label], end = letters.length < 10 ? 0 : 7;
  return [letters.slice(0, letters.length - end), letters.slice(letters.length - end)].filter(piece => piece.length).map(piece => {
    const made = document.createElement("span");
    made.textContent = piece.join("");
    return made;
  });
}

// The line samples in the colours of a theme.
function styleLegend(runs, look) {
  for (const run of runs) {
    const {color, marker, dashes} = look.runs[run.index];
    const piece = (name, facts) => {
      const made = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries(facts)) made.setAttribute(key, value);
      return made;
    };
    run.sample.replaceChildren(
      piece("path", {d: "M2 7H29", stroke: color, fill: "none", "stroke-width": 3, "stroke-linecap": dashes.length ? "butt" : "round", "stroke-dasharray": dashes.map(dash => 2.4 * dash).join(" ")}),
      piece("path", {d: payload.shapes[marker], fill: color, transform: "translate(29 7) scale(9)"}),
    );
  }
}

// Per run: its current loss, and its outcome once it has ended.
function updateLegend(runs, time) {
  for (const run of runs) {
    const over = run.outcome && time >= run.since, facts = over ? run.outcome : run.lr_text;
    const loss = run.steps.length && !(over && run.stopped !== null) ? fourDigits(run.loss_values[positionAt(run, time).at]) : "";
    if (run.status.textContent !== facts) {
      run.status.textContent = facts;
      run.short.textContent = over ? run.sign : run.lr_text;
    }
    if (run.lossText.textContent !== loss) run.lossText.textContent = loss;
  }
}
