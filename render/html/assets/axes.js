// Axes: round numbers, a frame, and sharp canvases.
const FONT = '"DejaVu Sans", Verdana, "Segoe UI", system-ui, sans-serif';

// Sets a canvas to the device's pixels and returns its pen, in CSS pixels.
function penOf(canvas) {
  const ratio = window.devicePixelRatio || 1, {width, height} = canvas.parentElement.getBoundingClientRect();
  const wide = Math.round(width * ratio), high = Math.round(height * ratio);
  if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

function roundTicks(low, high, most, whole = false) {
  const rough = (high - low) / Math.max(most, 1), unit = 10 ** Math.floor(Math.log10(rough));
  const parts = whole && unit < 10 ? [1, 2, 5, 10] : [1, 2, 2.5, 5, 10], ticks = [];
  const step = Math.max(parts.find(part => part * unit >= rough * 0.999) * unit, whole ? 1 : 0);
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) ticks.push(i * step);
  const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9) + (step / unit === 2.5 ? 1 : 0));
  const large = Math.max(Math.abs(low), Math.abs(high)) >= 1e5 || places > 6;
  const word = tick => large ? Number(tick.toPrecision(5)).toExponential().replace("e+", "e") : tick.toFixed(Math.min(places, 12));
  return ticks.map(tick => [tick, word(tick).replace(/^-(?=[0.]*$)/, "").replaceAll("-", "−")]);
}

function powerTicks(low, high, most) {
  const first = Math.ceil(low - 1e-9), last = Math.floor(high + 1e-9), ticks = [];
  const step = Math.max(Math.ceil((last - first + 1) / Math.max(most, 1)), 1);
  for (let power = first; power <= last; power++) if (power % step === 0) ticks.push([power, `10${raised(power)}`]);
  return ticks;
}

function raised(power) {
  return String(power).replace(/./g, sign => sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign]);
}

// A frame around a box, with ticks left and below; `grid` draws lines at them too.
function drawAxes(pen, box, look, across, up, grid) {
  pen.font = `12px ${FONT}`;
  pen.lineWidth = 1;
  const line = (x, y, x1, y1, color) => {
    pen.strokeStyle = color;
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(x1, y1);
    pen.stroke();
  };
  const {left, top, right, bottom} = box, thin = `${look.muted}33`;
  pen.fillStyle = look.foreground;
  pen.textAlign = "center";
  pen.textBaseline = "top";
  for (const [x, word] of across) {
    if (grid) line(x, top, x, bottom, thin);
    line(x, bottom, x, bottom + 4, look.muted);
    pen.fillText(word, Math.min(x, right + MARGIN.right - pen.measureText(word).width / 2), bottom + 7);
  }
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (const [y, word] of up) {
    if (grid) line(left, y, right, y, thin);
    line(left - 4, y, left, y, look.muted);
    pen.fillText(word, left - 7, y);
  }
  pen.strokeStyle = look.muted;
  pen.strokeRect(left, top, right - left, bottom - top);
}
