// The live page of a study: a slider for its one setting, and its verdict, which follows from the runs.
// A number as it is, or of four digits if it is a result.
function exactly(number) {
  return localNumber(number).replace("e-", "e−");
}

function shorten(number) {
  return fourDigits(number).replace(/([.,]\d*?)0+e/, "$1e").replace(/[.,]e/, "e");
}

extensions.push((runs, controls) => {
  const {label, positions, usual, claim, differs} = payload.live.study;
  const at = i => {
    const {function: place, start, values} = positions[i], whole = published(place);
    return {...whole, start: [...start], runs: whole.runs.map((run, k) => run && {...run, values: [...values[k]]})};
  };
  const slider = make("input", {type: "range", id: "position", min: 0, max: positions.length - 1, step: 1, value: usual, "aria-label": label});
  const value = make("output", {for: "position"}), words = make("p", {id: "verdict", role: "status"});
  const part = make("section", {id: "study"}, make("p", {id: "claim"}, `“${claim}”`), words, make("label", {}, `${label}: `, value), slider);
  if (differs) part.append(make("p", {class: "differs"}, differs));
  document.querySelector("main").append(part);
  document.querySelector("main").classList.add("study");
  const key = one => JSON.stringify([one.function, one.start, one.runs.map(run => run?.values)]);
  slider.addEventListener("input", () => controls.changed(() => setting = at(Number(slider.value))));
  controls.updates.push(() => {
    const i = positions.findIndex((_, i) => key(at(i)) === key(setting));
    if (i >= 0) slider.value = i;
    const shown = positions[Number(slider.value)].value;
    value.textContent = exactly(shown);
    slider.setAttribute("aria-valuetext", exactly(shown));
    if (work.taken.length && work.taken.every(run => !run || run.over)) words.textContent = verdict(verdictRuns(runs), shown, shorten);
  });
  if (key(setting) === key(published())) controls.changed(() => setting = at(usual), false);
});

// What verdicts are made of: the runs by label.
function verdictRuns(runs) {
  return Object.fromEntries(runs.flatMap(run => work.taken[run.index] ? [[run.label, verdictRun(work.taken[run.index], live.origin)]] : []));
}
