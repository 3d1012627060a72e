// Playback, scrubbing and zooming by pointer, touch and keyboard.
const SIGNS = {play: "M5 3.2v9.6L13 8Z", pause: "M4.5 3.5h2v9h-2ZM9.5 3.5h2v9h-2Z"};
const SPEEDS = [0.25, 0.5, 1, 2, 4];
const clock = {time: 0, playing: false, speed: 1, waits: 0};

// Advances the clock by some seconds; the race restarts after the hold at its end.
function advance(seconds) {
  if (clock.waits > 0) {
    clock.waits -= seconds;
    if (clock.waits <= 0 && clock.time >= payload.last) [clock.time, clock.waits] = [0, payload.seconds.first];
    return;
  }
  clock.time = Math.min(clock.time + seconds * clock.speed * span / payload.seconds.moving, payload.last);
  if (clock.time >= payload.last) clock.waits = payload.seconds.last;
}

function setPlaying(playing) {
  clock.playing = playing;
  if (playing && clock.time >= payload.last) clock.time = 0;
  clock.waits = playing && clock.time === 0 ? payload.seconds.first : 0;
  element("sign").setAttribute("d", SIGNS[playing ? "pause" : "play"]);
  element("play").setAttribute("aria-label", say(playing ? "pause" : "play"));
}

function seek(time) {
  setPlaying(false);
  clock.time = clamp(Math.round(time), 0, payload.last);
}

// Zooms by a factor around the fixed point (u, v).
function zoom(factor, u = view.u, v = view.v) {
  const scale = clamp(view.scale * factor, 1, CLOSEST), change = view.scale / scale;
  view.scale = scale;
  lookAt(u + (view.u - u) * change, v + (view.v - v) * change);
}

function lookAt(u, v) {
  const half = 0.5 / view.scale;
  view.u = clamp(u, half, 1 - half);
  view.v = clamp(v, half, 1 - half);
  element("race").classList.toggle("zoomed", view.scale > 1);
  element("wider").disabled = element("whole").disabled = view.scale <= 1;
  element("closer").disabled = view.scale >= CLOSEST;
}

function watchControls(redraw, rezoom) {
  element("play").addEventListener("click", () => { setPlaying(!clock.playing); redraw(); });
  element("scrub").addEventListener("input", event => { seek(Number(event.target.value)); redraw(); });
  element("speed").addEventListener("change", event => clock.speed = Number(event.target.value));
  const zooms = {closer: 1.6, wider: 1 / 1.6, whole: 0};
  for (const [id, factor] of Object.entries(zooms)) element(id).addEventListener("click", () => { zoom(factor); rezoom(); });
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select, textarea, input:not(#scrub)")) return;
    if (event.key === " " && event.target.matches("button")) return;  // it presses the button
    const far = event.shiftKey ? 10 : 1, now = clock.time;
    const actions = {
      " ": () => setPlaying(!clock.playing),
      ArrowRight: () => seek(Math.floor(now) + far), ArrowLeft: () => seek(Math.ceil(now) - far),
      Home: () => seek(0), End: () => seek(payload.last),
    };
    const zooming = payload.surface ? {"+": 1.6, "=": 1.6, "-": 1 / 1.6, "0": 0} : {};
    if (event.key in actions) actions[event.key]();
    else if (event.key in zooming) zoom(zooming[event.key]);
    else return;
    event.preventDefault();
    (event.key in actions ? redraw : rezoom)();
  });
}

// The wheel zooms, a drag pans a zoomed plot, two fingers do both.
function watchContour(rezoom) {
  const canvas = element("race"), fingers = new Map();
  const share = (x, y) => {
    const {left, top} = canvas.getBoundingClientRect(), box = contourBox(), seen = edges();
    return [
      seen.left + (x - left - box.left) / (box.right - box.left) * (seen.right - seen.left),
      seen.top - (y - top - box.top) / (box.bottom - box.top) * (seen.top - seen.bottom),
    ];
  };
  const grasp = () => {
    const [a, b = a] = fingers.values();
    return {x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart: Math.hypot(a.x - b.x, a.y - b.y)};
  };
  canvas.addEventListener("wheel", event => {
    if (event.deltaY > 0 && view.scale <= 1) return;  // already at the whole view: let the page scroll
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 16 : event.ctrlKey ? 4 : 1;  // lines; two fingers on a pad
    zoom(Math.exp(clamp(-event.deltaY * unit, -120, 120) * 0.003), ...share(event.clientX, event.clientY));
    rezoom(true);
  }, {passive: false});
  if (!payload.live) canvas.addEventListener("dblclick", event => { zoom(2, ...share(event.clientX, event.clientY)); rezoom(); });
  canvas.addEventListener("pointerdown", event => {
    fingers.set(event.pointerId, {x: event.clientX, y: event.clientY});
    if (view.scale > 1) {
      canvas.setPointerCapture(event.pointerId);
      canvas.classList.add("held");
    }
  });
  canvas.addEventListener("pointermove", event => {
    if (!fingers.has(event.pointerId)) return;
    const before = grasp(), [u, v] = share(before.x, before.y);
    fingers.set(event.pointerId, {x: event.clientX, y: event.clientY});
    const now = grasp();
    if (before.apart && now.apart) zoom(now.apart / before.apart, u, v);
    if (view.scale <= 1) return;
    const [u1, v1] = share(now.x, now.y);
    lookAt(view.u + u - u1, view.v + v - v1);
    rezoom(true);
  });
  for (const kind of ["pointerup", "pointercancel", "pointerleave"])
    canvas.addEventListener(kind, event => {
      fingers.delete(event.pointerId);
      canvas.classList.remove("held");
    });
}
