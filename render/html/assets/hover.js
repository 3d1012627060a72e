// What lies beneath the pointer: the nearest point of a run, with its step, loss and learning rate.
const NEAR = 22;

// The nearest point of all shown runs so far; `xs` and `ys` say where they are drawn.
function nearest(runs, time, x, y, xs, ys) {
  let found = null, least = NEAR;
  for (const run of runs.filter(run => run.shown && run.steps.length)) {
    const {at} = reached(run, time);
    for (let i = at; i >= 0; i--) {
      const away = Math.hypot(run[xs][i] - x, run[ys][i] - y);
      if (away < least) [found, least] = [{run, i}, away];
    }
  }
  return found;
}

function showNote({run, i}, x, y) {
  const note = element("note"), name = document.createElement("b");
  const rate = run.rates && Number.isFinite(run.rates[i]) ? fourDigits(run.rates[i]) : run.lr;
  const lines = [`step ${run.steps[i]}`, `loss ${fourDigits(run.value[i])}`];
  if (run.gap !== run.value) lines.push(`gap ${fourDigits(run.gap[i])}`);
  if (rate) lines.push(`learning rate ${rate}`);
  name.textContent = run.label;
  note.replaceChildren(name, lines.join("\n"));
  note.hidden = false;
  const {width, height} = note.getBoundingClientRect();
  note.style.left = `${clamped(x + 14, 4, Math.max(window.innerWidth - width - 4, 4))}px`;
  note.style.top = `${y + 16 + height > window.innerHeight ? Math.max(y - height - 12, 4) : y + 16}px`;
}

// A ring around the point told of, on the map and on its curve.
function drawRing(canvas, x, y, look, box) {
  if (!(x >= box.left - 1 && x <= box.right + 1 && y >= box.top - 1 && y <= box.bottom + 1)) return;
  const pen = canvas.getContext("2d");
  for (const [width, color] of [[4.5, look.halo], [2, look.foreground]]) {
    pen.beginPath();
    pen.arc(x, y, 6.5, 0, 2 * Math.PI);
    [pen.lineWidth, pen.strokeStyle] = [width, color];
    pen.stroke();
  }
}

// Tells of the point beneath the pointer, until it leaves, touches elsewhere, or Escape is pressed.
function watchPointer(runs, told, redraw) {
  const tell = (point, event) => {
    told.point = point;
    if (point) showNote(point, event.clientX, event.clientY); else element("note").hidden = true;
    redraw();
  };
  const watch = (canvas, xs, ys) => {
    const look = event => {
      const {left, top} = canvas.getBoundingClientRect(), drags = event.type === "pointermove" && event.buttons > 0;
      tell(drags ? null : nearest(runs, clock.time, event.clientX - left, event.clientY - top, xs, ys), event);
    };
    canvas.addEventListener("pointermove", look);
    canvas.addEventListener("pointerdown", look);
    canvas.addEventListener("pointerleave", event => event.pointerType === "mouse" && tell(null));
  };
  if (given.map) watch(element("race"), "x", "y");
  watch(element("losses"), "across", "up");
  document.addEventListener("pointerdown", event => event.target.matches("canvas") || tell(null));
  document.addEventListener("keydown", event => event.key === "Escape" && tell(null));
}
