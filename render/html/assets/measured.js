// The page of a study that no browser computes: a slider chooses among measured runs. Nothing between them is interpolated.
const {positions, slider: sliderLabel, usual, claim, measured, quantity} = payload.study;
const loadSurface = () => null, placeHandle = () => {}, shownPosition = {at: usual};

// The curves of a position: the runs keep their places, so that the legend stays.
function curvesOf({runs}) {
  return runs.map(({label, steps, values}) => {
    const loss_values = Float64Array.from(values, value => value ?? NaN);
    return {label, steps: Float64Array.from(steps), loss_values, gap: loss_values};
  });
}

function loadRuns() {
  const none = {shown: true, u: null, v: null, rates: null, lr: "", lr_text: "", outcome: "", sign: "", since: 0, stopped: null, reached: null, final: null};
  return curvesOf(positions[usual]).map((run, index) => ({...none, ...run, index}));
}

// A number of the slider, or a word.
function positionWords(value) {
  return typeof value === "number" ? localNumber(value).replace("e-", "e−") : value;
}

function watchRuns(runs, retrace) {
  const element_ = (name, facts, ...parts) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(facts)) made.setAttribute(key, value);
    made.append(...parts);
    return made;
  };
  const slider = element_("input", {type: "range", id: "position", min: 0, max: positions.length - 1, step: 1, value: usual, "aria-label": sliderLabel});
  const value = element_("output", {for: "position"}), words = element_("p", {id: "verdict", role: "status"});
  const part = element_(
    "section", {id: "study"}, element_("p", {id: "claim"}, `“${claim}”`), words, element_("label", {}, `${sliderLabel}: `, value), slider,
    element_("p", {class: "differs"}, measured, " ", "These are measured runs; the page computes none and interpolates nothing between the positions."),
  );
  document.querySelector("main").append(part);
  document.querySelector("main").classList.add("study", "measured");
  const show = i => {
    shownPosition.at = i;
    const {verdict, value: at} = positions[i];
    curvesOf(positions[i]).forEach((curve, k) => Object.assign(runs[k], curve));
    payload.last = Math.max(...runs.map(run => run.steps.at(-1)));
    span = Math.max(payload.last, 1);
    element("scrub").max = payload.last;
    clock.time = payload.last;
    setPlaying(false);
    slider.value = i;
    value.textContent = positionWords(at);
    slider.setAttribute("aria-valuetext", positionWords(at));
    words.textContent = verdict;
    element("loss-curves").setAttribute("aria-label", `${payload.loss_panel.heading}. ${sliderLabel}: ${positionWords(at)}. ${verdict}`);
    element("counter").textContent = "";
    retrace();
  };
  const read = () => {
    const i = Number(/^#position=(\d+)$/.exec(location.hash)?.[1] ?? NaN) - 1;
    show(i >= 0 && i < positions.length ? i : usual);
  };
  slider.addEventListener("input", () => {
    show(Number(slider.value));
    try {
      history.replaceState(null, "", `#position=${shownPosition.at + 1}`);
    } catch {  // a page within a frame without an address of its own has none to write
    }
  });
  window.addEventListener("hashchange", read);
  read();
}
