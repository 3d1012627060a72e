// Axes: round tick values, a frame, and canvases at device resolution.
const FONT = '"DejaVu Sans", Verdana, "Segoe UI", system-ui, sans-serif';

// Resizes a canvas to device pixels and returns its context, scaled to CSS pixels.
function contextFor(canvas) {
  const ratio = window.devicePixelRatio || 1, {width, height} = canvas.parentElement.getBoundingClientRect();
  const wide = Math.round(width * ratio), high = Math.round(height * ratio);
  if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

function linearTicks(low, high, most, whole = false) {
  const rough = (high - low) / Math.max(most, 1), unit = 10 ** Math.floor(Math.log10(rough));
  const parts = whole && unit < 10 ? [1, 2, 5, 10] : [1, 2, 2.5, 5, 10], ticks = [];
  const step = Math.max(parts.find(part => part * unit >= rough * 0.999) * unit, whole ? 1 : 0);
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) ticks.push(i * step);
  const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9) + (step / unit === 2.5 ? 1 : 0));
  const large = Math.max(Math.abs(low), Math.abs(high)) >= 1e5 || places > 6;
  const word = tick => large ? Number(tick.toPrecision(5)).toExponential().replace("e+", "e") : tick.toFixed(Math.min(places, 12));
  return ticks.map(tick => [tick, word(tick).replace(/^-(?=[0.]*$)/, "").replaceAll("-", "−").replace(".", decimal)]);
}

function logTicks(low, high, most) {
  const first = Math.ceil(low - 1e-9), last = Math.floor(high + 1e-9), ticks = [];
  const step = Math.max(Math.ceil((last - first + 1) / Math.max(most, 1)), 1);
  for (let power = first; power <= last; power++) if (power % step === 0) ticks.push([power, `10${superscript(power)}`]);
  return ticks;
}

function superscript(power) {
  return String(power).replace(/./g, sign => sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign]);
}

// A frame around a box with ticks left and below, and grid lines if `grid` is true.
function drawAxes(context, box, look, across, up, grid) {
  context.font = `${px(12)}px ${FONT}`;
  context.lineWidth = 1;
  const line = (x, y, x1, y1, color) => {
    context.strokeStyle = color;
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x1, y1);
    context.stroke();
  };
  const {left, top, right, bottom} = box, thin = `${look.muted}33`;
  context.fillStyle = look.foreground;
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const [x, word] of across) {
    if (grid) line(x, top, x, bottom, thin);
    line(x, bottom, x, bottom + 4, look.muted);
    context.fillText(word, Math.min(x, right + MARGIN.right - context.measureText(word).width / 2), bottom + 7);
  }
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const [y, word] of up) {
    if (grid) line(left, y, right, y, thin);
    line(left - 4, y, left, y, look.muted);
    context.fillText(word, left - 7, y);
  }
  context.strokeStyle = look.muted;
  context.strokeRect(left, top, right - left, bottom - top);
}
