// The legend: one button per run, which toggles the run and shows its place and its current loss. Rows follow the places.
const ranking = {order: "", at: 0};

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
    run.place = part("place");
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
    run.row = row;
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

// Per run: its current loss, the step from which it stays at the target, and its outcome once it has ended.
function updateLegend(runs, time) {
  for (const run of runs) {
    const over = run.outcome && time >= run.since, arrived = !over && payload.standings && run.reached !== null && time >= run.reached;
    const mark = arrived ? `✓ ${run.reached}` : "", facts = over ? run.outcome : `${run.lr_text}  ${mark}`.trim();
    const loss = run.steps.length && !(over && run.stopped !== null) ? fourDigits(run.loss_values[positionAt(run, time).at]) : "";
    if (run.status.textContent !== facts) {
      run.status.textContent = facts;
      run.short.textContent = over ? run.sign : mark || run.lr_text;
    }
    if (run.lossText.textContent !== loss) run.lossText.textContent = loss;
  }
  if (payload.standings) orderRows(runs, time);
}

// Moves the rows to their places; while the race is played, not too often.
function orderRows(runs, time) {
  const now = performance.now();
  if (clock.playing && time < payload.last && now - ranking.at < CALM) return;
  const order = writePlaces(runs, time), name = order.map(run => run.index).join();
  if (name === ranking.order) return;
  [ranking.order, ranking.at] = [name, now];
  placeRows(runs, order);
}

function placeRows(runs, order) {
  const behind = [...order, ...runs.filter(run => !order.includes(run))];
  behind.forEach((run, place) => {
    const own = run.row, slot = runs[place].row;
    own.style.translate = own === slot ? "" : `${slot.offsetLeft - own.offsetLeft}px ${slot.offsetTop - own.offsetTop}px`;
  });
}

// The rows have other places in a window of another size.
function replaceRows(runs) {
  ranking.order = "";
  if (payload.standings) orderRows(runs, clock.time);
}
