// The start on the contour plot: a handle to drag, to move by arrow keys, and to put elsewhere by a click.
const STILL = 5;  // pixels that a pointer may move in a click

function makeHandle() {
  const handle = document.createElement("button");
  handle.type = "button";
  handle.id = "start";
  handle.title = say("drag the start, or move it by arrow keys");
  element("contour").insertBefore(handle, element("zoom"));
  return handle;
}

const handle = makeHandle();

// A coordinate with as many digits as the pixels tell apart.
function rounded(number, side) {
  const unit = 10 ** Math.floor(Math.log10(side / 500));
  return Number((Math.round(number / unit) * unit).toPrecision(12));
}

function moveStart(u, v) {
  const [x0, x1, y0, y1] = payload.surface.box, {scale} = view;
  return [rounded(x0 + clamp(u, 0, 1) * (x1 - x0), (x1 - x0) / scale), rounded(y0 + clamp(v, 0, 1) * (y1 - y0), (y1 - y0) / scale)];
}

function placeHandle(box, seen) {
  const [x0, x1, y0, y1] = payload.surface.box, [x, y] = setting.start, at = projection(box, seen);
  const left = at.x((x - x0) / (x1 - x0)), top = at.y((y - y0) / (y1 - y0));
  handle.hidden = !(left >= box.left - 1 && left <= box.right + 1 && top >= box.top - 1 && top <= box.bottom + 1);
  [handle.style.left, handle.style.top] = [`${left}px`, `${top}px`];
  handle.setAttribute("aria-label", say("start ({x}, {y}): arrow keys move it", {x: fourDigits(x), y: fourDigits(y)}));
}

function watchHandle(controls) {
  const canvas = element("race");
  const share = ({clientX, clientY}) => {
    const {left, top} = canvas.getBoundingClientRect(), box = contourBox(), seen = edges();
    return [
      seen.left + (clientX - left - box.left) / (box.right - box.left) * (seen.right - seen.left),
      seen.top - (clientY - top - box.top) / (box.bottom - box.top) * (seen.top - seen.bottom),
    ];
  };
  const put = event => controls.changed(() => setting.start = moveStart(...share(event)));
  handle.addEventListener("pointerdown", event => {
    if (event.button !== 0) return;
    handle.setPointerCapture(event.pointerId);
    handle.classList.add("held");
  });
  handle.addEventListener("pointermove", event => handle.hasPointerCapture(event.pointerId) && put(event));
  for (const kind of ["pointerup", "pointercancel"]) handle.addEventListener(kind, () => handle.classList.remove("held"));
  handle.addEventListener("keydown", event => {
    const across = {ArrowLeft: -1, ArrowRight: 1}[event.key] ?? 0, up = {ArrowDown: -1, ArrowUp: 1}[event.key] ?? 0;
    if ((!across && !up) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const [x0, x1, y0, y1] = payload.surface.box, far = (event.shiftKey ? 0.1 : 0.01) / view.scale, [x, y] = setting.start;
    controls.changed(() => setting.start = moveStart((x - x0) / (x1 - x0) + across * far, (y - y0) / (y1 - y0) + up * far));
  });
  let pressed = null;
  canvas.addEventListener("pointerdown", event => pressed = event.isPrimary && event.button === 0 ? [event.clientX, event.clientY] : null);
  canvas.addEventListener("pointerup", event => {
    const box = contourBox(), {left, top} = canvas.getBoundingClientRect(), x = event.clientX - left, y = event.clientY - top;
    const inside = x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
    if (pressed && inside && event.isPrimary && Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) <= STILL) put(event);
    pressed = null;
  });
}
