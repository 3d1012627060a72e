// The tooltip: the point nearest to the pointer, with its step, loss and learning rate.
const NEAR = 22;

// The nearest point of all visible runs up to a time; `xs` and `ys` name their pixel coordinates.
function nearest(runs, time, x, y, xs, ys) {
  let found = null, least = NEAR;
  for (const run of runs.filter(run => run.shown && run.steps.length)) {
    const {at} = positionAt(run, time);
    for (let i = at; i >= 0; i--) {
      const away = Math.hypot(run[xs][i] - x, run[ys][i] - y);
      if (away < least) [found, least] = [{run, i}, away];
    }
  }
  return found;
}

function showTooltip({run, i}, x, y) {
  const note = element("tooltip"), name = document.createElement("b");
  const rate = run.rates && Number.isFinite(run.rates[i]) ? fourDigits(run.rates[i]) : run.lr;
  const lines = [say("step {step}", {step: run.steps[i]}), payload.study ? `${payload.study.quantity} ${fourDigits(run.loss_values[i])}` : say("loss {loss}", {loss: fourDigits(run.loss_values[i])})];
  if (run.gap !== run.loss_values) lines.push(say("gap {gap}", {gap: fourDigits(run.gap[i])}));
  if (rate) lines.push(say("learning rate {lr}", {lr: rate}));
  name.textContent = run.label;
  note.replaceChildren(name, lines.join("\n"));
  note.hidden = false;
  const {width, height} = note.getBoundingClientRect();
  note.style.left = `${clamp(x + 14, 4, Math.max(window.innerWidth - width - 4, 4))}px`;
  note.style.top = `${y + 16 + height > window.innerHeight ? Math.max(y - height - 12, 4) : y + 16}px`;
}

// A ring around the selected point, on the contour plot and on its loss curve.
function drawRing(canvas, x, y, look, box) {
  if (!(x >= box.left - 1 && x <= box.right + 1 && y >= box.top - 1 && y <= box.bottom + 1)) return;
  const context = canvas.getContext("2d");
  for (const [width, color] of [[4.5, look.halo], [2, look.foreground]]) {
    context.beginPath();
    context.arc(x, y, 6.5, 0, 2 * Math.PI);
    [context.lineWidth, context.strokeStyle] = [width, color];
    context.stroke();
  }
}

// Shows the tooltip until the pointer leaves, another place is touched, or Escape is pressed.
function watchPointer(runs, hovered, redraw) {
  const hover = (point, event) => {
    hovered.point = point;
    if (point) showTooltip(point, event.clientX, event.clientY); else element("tooltip").hidden = true;
    redraw();
  };
  const watch = (canvas, xs, ys) => {
    const look = event => {
      const {left, top} = canvas.getBoundingClientRect(), drags = event.type === "pointermove" && event.buttons > 0;
      hover(drags ? null : nearest(runs, clock.time, event.clientX - left, event.clientY - top, xs, ys), event);
    };
    canvas.addEventListener("pointermove", look);
    canvas.addEventListener("pointerdown", look);
    canvas.addEventListener("pointerleave", event => event.pointerType === "mouse" && hover(null));
  };
  if (payload.surface) watch(element("race"), "x", "y");
  watch(element("loss-curves"), "across", "up");
  document.addEventListener("pointerdown", event => event.target.matches("canvas") || hover(null));
  document.addEventListener("keydown", event => event.key === "Escape" && hover(null));
}
