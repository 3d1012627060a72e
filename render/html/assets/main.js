// Connects the parts. Changes are drawn at the next animation frame; nothing is drawn without changes.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const look = () => payload.looks[dark.matches ? payload.looks.length - 1 : 0];

async function main() {
  const take = await decodeIntegers(payload.numbers);
  let surface = payload.surface && loadSurface(take);
  const runs = loadRuns(take);
  const hovered = {point: null}, pending = {surface: true, trajectories: true, gaps: true, coarse: false, frame: 0, before: 0, ratio: 0}, drawn = {surface: null, state: ""};
  let settle = 0;

  const redraw = () => pending.frame ||= requestAnimationFrame(draw);
  const relayout = () => { pending.surface = pending.trajectories = true; replaceRows(runs); redraw(); };
  const retrace = () => { pending.trajectories = pending.gaps = true; redraw(); };
  const rezoom = moving => {  // while moving, the surface is drawn at half resolution
    pending.coarse = moving === true;
    pending.gaps ||= !pending.coarse;
    clearTimeout(settle);
    if (moving === true) settle = setTimeout(rezoom, 140);
    relayout();
  };

  function draw(now) {
    pending.frame = 0;
    const seconds = Math.min((now - pending.before) / 1000, 0.1);
    if (clock.playing) {
      if (pending.before) advance(seconds);
      redraw();
    }
    pending.before = clock.playing ? now : 0;
    if (pending.ratio !== window.devicePixelRatio) pending.surface = true;  // the window has moved to another screen
    pending.ratio = window.devicePixelRatio;
    if (pending.trajectories) {
      if (surface) placeTrajectories(runs);
      placeCurves(runs);
      pending.trajectories = false;
    }
    if (surface) {
      if (pending.surface) drawSurfaceOnce();
      if (pending.gaps) findOverlaps(runs, edges());
      pending.surface = pending.gaps = false;
      drawRace(runs, look(), clock.time);
      for (const drawMore of overlays) drawMore(runs, look(), clock.time);
    }
    drawLossCurves(runs, look(), clock.time);
    if (hovered.point) {
      const {run, i} = hovered.point;
      if (surface) drawRing(element("race"), run.x[i], run.y[i], look(), contourBox());
      drawRing(element("loss-curves"), run.across[i], run.up[i], look(), panelBox());
    }
    if (surface) placeHandle(contourBox(), edges());
    updateCounter();
  }

  // The surface takes most of the time, and rows of the legend that grow resize other plots alone.
  function drawSurfaceOnce() {
    const state = [...Object.values(contourBox()), ...Object.values(edges()), pending.ratio, pending.coarse, dark.matches];
    if (surface === drawn.surface && state.join() === drawn.state) return;
    Object.assign(drawn, {surface, state: state.join()});
    drawSurface(surface, look(), pending.coarse);
  }

  function updateCounter() {
    const step = Math.floor(clock.time), scrub = element("scrub");
    const words = say("step {step}", {step: String(step).padStart(String(payload.last).length, "\u2007")});
    if (element("counter").textContent === words) return;
    element("counter").textContent = words;
    scrub.value = step;
    scrub.style.setProperty("--done", `${100 * step / span}%`);
    scrub.setAttribute("aria-valuetext", say("step {step} of {last}", {step, last: payload.last}));
    updateLegend(runs, clock.time);
  }

  element("heading").textContent = payload.loss_panel.heading;
  element("loss-curves").setAttribute("aria-label", surface ? element("heading").textContent : payload.caption);
  if (!surface) document.querySelector("main").classList.add("flat");
  makeLegend(runs, () => { pending.gaps = true; redraw(); });
  styleLegend(runs, look());
  if (surface) {
    watchContour(rezoom);
    lookAt(0.5, 0.5);
  }
  watchControls(redraw, rezoom);
  watchPointer(runs, hovered, redraw);
  dark.addEventListener("change", () => { styleLegend(runs, look()); relayout(); });
  const sizes = new ResizeObserver(relayout);
  for (const box of [document.querySelector("main"), ...document.querySelectorAll("canvas")]) sizes.observe(box);
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  watchRuns(runs, retrace, (heights, filled = false) => {
    surface = heights;
    if (!filled) zoom(0);
    rezoom();
    element("heading").textContent = payload.loss_panel.heading;
  });
  element("scrub").max = payload.last;
  const ended = still || payload.live || payload.study;  // they show their end, a replay plays
  if (ended) clock.time = payload.last;
  setPlaying(!ended);
  redraw();
}

main();
