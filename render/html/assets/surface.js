// The contour plot: colour bands and level lines, computed per pixel from a grid of heights.

function decodeSurface(take, facts = payload.surface) {
  const {rows, columns, parts, heights, holes} = facts;
  const height = Float32Array.from(take(heights), number => number / parts);
  for (let j = 0, i = 0; j < rows; j++) for (let k = 0; k < columns; k++, i++) if (k) height[i] += height[i - 1];
  for (let i = columns; i < height.length; i++) height[i] += height[i - columns];
  return {rows, columns, height, hole: holes ? take(holes) : null};
}

// Catmull and Rom's weights for four neighbours.
function weights(t) {
  return [((2 - t) * t - 1) * t / 2, ((3 * t - 5) * t * t + 2) / 2, ((4 - 3 * t) * t + 1) * t / 2, (t - 1) * t * t / 2];
}

// Cubic interpolation between four neighbours, clamped to their range so that cliffs do not ring.
function interpolate(a, b, c, d, w, at) {
  const value = a * w[at] + b * w[at + 1] + c * w[at + 2] + d * w[at + 3];
  return Math.min(Math.max(value, Math.min(a, b, c, d)), Math.max(a, b, c, d));
}

// The heights at (wide + 1) × (high + 1) pixels of a view, given as shares of the whole.
function interpolateHeights(surface, wide, high, view) {
  const {rows, columns, height, hole} = surface, field = new Float32Array((wide + 1) * (high + 1));
  const places = new Int32Array(wide + 1), w = new Float32Array(4 * (wide + 1));
  for (let x = 0; x <= wide; x++) {
    const at = clamp((view.left + (view.right - view.left) * (x + 0.5) / wide) * (columns - 1), 0, columns - 1.0001);
    places[x] = Math.floor(at);
    w.set(weights(at - places[x]), 4 * x);
  }
  const row = new Float32Array(columns + 2), bad = new Uint8Array(columns + 1);
  for (let y = 0; y <= high; y++) {
    const at = clamp((view.top - (view.top - view.bottom) * (y + 0.5) / high) * (rows - 1), 0, rows - 1.0001);
    const j = Math.floor(at), v = weights(at - j);
    const lines = [Math.max(j - 1, 0), j, Math.min(j + 1, rows - 1), Math.min(j + 2, rows - 1)].map(line => line * columns);
    for (let i = 0; i < columns; i++) {
      row[i + 1] = interpolate(height[lines[0] + i], height[lines[1] + i], height[lines[2] + i], height[lines[3] + i], v, 0);
      if (hole) bad[i] = hole[lines[1] + i] | hole[lines[2] + i];
    }
    row[0] = row[1];
    row[columns + 1] = row[columns];
    for (let x = 0, i = y * (wide + 1); x <= wide; x++, i++) {
      const k = places[x], last = Math.min(k + 3, columns + 1);
      field[i] = hole && (bad[k] || bad[k + 1]) ? NaN : interpolate(row[k], row[k + 1], row[k + 2], row[last], w, 4 * x);
    }
  }
  return field;
}

function clamp(number, low, high) {
  return number < low ? low : number > high ? high : number;
}

function rgb(hex) {
  return [1, 3, 5].map(place => parseInt(hex.slice(place, place + 2), 16));
}

function mix(one, other, share) {
  return `rgb(${rgb(one).map((part, i) => Math.round(part + (rgb(other)[i] - part) * share)).join()})`;
}

// One colour per band, from lowest to highest.
function bandColors(fill, bands) {
  if (fill.length === bands) return fill.map(rgb);
  return Array.from({length: bands}, (_, k) => {
    const at = bands > 1 ? k / (bands - 1) * (fill.length - 1) : 0, i = Math.min(Math.floor(at), fill.length - 2);
    const low = rgb(fill[Math.max(i, 0)]), high = rgb(fill[i + 1]);
    return low.map((part, c) => part + (high[c] - part) * (at - i));
  });
}

// The image of a view; `thick` is the width of a level line in pixels.
function renderSurface(surface, wide, high, view, look, thick) {
  const field = interpolateHeights(surface, wide, high, view), picture = new ImageData(wide, high), data = picture.data;
  const colors = bandColors(look.fill, payload.surface.bands), line = rgb(look.line), bands = colors.length, {stride} = payload.surface;
  const reach = Math.max(thick, 1) / 2 + 0.5, strength = Math.min(thick, 1), kept = Math.floor(stride / 2);
  for (let y = 0, o = 0; y < high; y++) {
    for (let x = 0, i = y * (wide + 1); x < wide; x++, i++, o += 4) {
      const p = field[i] + 0.001;  // plateaus often lie exactly on a level: shift them into a band
      if (p !== p) continue;
      const dx = field[i + 1] - field[i] || 0, dy = field[i + wide + 1] - field[i] || 0;  // 0 next to a hole
      const slope = Math.sqrt(dx * dx + dy * dy) + 1e-9, level = clamp(Math.round(p), 1, bands - 1);
      const away = (p - level) / slope;
      const upper = colors[level], lower = colors[level - 1] ?? upper, share = clamp(away + 0.5, 0, 1);
      const isLine = bands > 1 && (level - 1) % stride === kept;
      const ink = isLine ? strength * clamp(reach - Math.abs(away), 0, 1) : 0;
      for (let c = 0; c < 3; c++) {
        const fill = lower[c] + (upper[c] - lower[c]) * share;
        data[o + c] = fill + (line[c] - fill) * ink + 0.5;
      }
      data[o + 3] = 255;
    }
  }
  return picture;
}
