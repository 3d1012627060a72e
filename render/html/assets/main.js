// Puts the parts together: what changed is drawn at the next frame, and nothing while nothing changes.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const look = () => given.looks[dark.matches ? given.looks.length - 1 : 0];

async function main() {
  const take = await poolOf(given.numbers), ground = given.map && groundOf(take), runs = runsOf(take);
  const told = {point: null}, wanted = {ground: true, ways: true, gaps: true, coarse: false, frame: 0, before: 0, ratio: 0};
  let settle = 0;

  const redraw = () => wanted.frame ||= requestAnimationFrame(draw);
  const relay = () => { wanted.ground = wanted.ways = true; redraw(); };
  const rezoom = moving => {  // a moving map is drawn coarsely, and well once it stands
    wanted.coarse = moving === true;
    wanted.gaps ||= !wanted.coarse;
    clearTimeout(settle);
    if (moving === true) settle = setTimeout(rezoom, 140);
    relay();
  };

  function draw(now) {
    wanted.frame = 0;
    const seconds = Math.min((now - wanted.before) / 1000, 0.1);
    if (clock.playing) {
      if (wanted.before) advance(seconds);
      redraw();
    }
    wanted.before = clock.playing ? now : 0;
    if (wanted.ratio !== window.devicePixelRatio) wanted.ground = true;  // the window is on another screen
    wanted.ratio = window.devicePixelRatio;
    if (wanted.ways) {
      if (ground) layWays(runs);
      layCurves(runs);
      wanted.ways = false;
    }
    if (ground) {
      if (wanted.ground) drawGround(ground, look(), wanted.coarse);
      if (wanted.gaps) shareWays(runs, edges());
      wanted.ground = wanted.gaps = false;
      drawRace(runs, look(), clock.time);
    }
    drawLosses(runs, look(), clock.time);
    if (told.point) {
      const {run, i} = told.point;
      if (ground) drawRing(element("race"), run.x[i], run.y[i], look(), mapBox());
      drawRing(element("losses"), run.across[i], run.up[i], look(), panelBox());
    }
    tell();
  }

  function tell() {
    const step = Math.floor(clock.time), scrub = element("scrub");
    const words = `step ${String(step).padStart(String(given.last).length, "\u2007")}`;
    if (element("counter").textContent === words) return;
    element("counter").textContent = words;
    scrub.value = step;
    scrub.style.setProperty("--done", `${100 * step / span}%`);
    scrub.setAttribute("aria-valuetext", `step ${step} of ${given.last}`);
    tellLegend(runs, clock.time);
  }

  element("scrub").max = given.last;
  element("heading").textContent = `${given.losses.name}, by step`;
  element("losses").setAttribute("aria-label", ground ? element("heading").textContent : given.caption);
  if (!ground) document.querySelector("main").classList.add("flat");
  makeLegend(runs, () => { wanted.gaps = true; redraw(); });
  dressLegend(runs, look());
  if (ground) {
    watchMap(rezoom);
    lookAt(0.5, 0.5);
  }
  watchControls(redraw, rezoom);
  watchPointer(runs, told, redraw);
  dark.addEventListener("change", () => { dressLegend(runs, look()); relay(); });
  new ResizeObserver(relay).observe(document.querySelector("main"));
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (still) clock.time = given.last;
  setPlaying(!still);
  redraw();
}

main();
