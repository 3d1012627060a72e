// The values of surfaces, for the page and for its worker: in steps, one per row, so that a page without a worker can
// take them in slices. No document.

// The heights of a surface in bands, from the function's values on an even grid.
function* bandHeights({box: [x0, x1, y0, y1], rows, columns, levels: {zero, offset, borders}}, f) {
  const height = new Float32Array(rows * columns), most = borders.length - 1;
  for (let j = 0, i = 0; j < rows; j++) {
    for (let k = 0; k < columns; k++, i++) {
      const value = f(x0 + (x1 - x0) * k / (columns - 1), y0 + (y1 - y0) * j / (rows - 1))[0];
      const at = zero === null ? value : Math.log10(Math.max(value - zero, 0) + offset);
      let low = 0, high = most;
      while (high - low > 1) {
        const middle = low + high >> 1;
        if (borders[middle] <= at) low = middle; else high = middle;
      }
      height[i] = low + Math.min(Math.max((at - borders[low]) / (borders[high] - borders[low]), 0), 1);
    }
    yield;
  }
  return {rows, columns, height, hole: null};
}

// What a surface is computed from: a function of the file and the surface of its record, or a formula and its box.
function surfaceSteps({place, surface, formula}) {
  return formula ? formulaSurface(formula) : bandHeights(surface, emitted.functions?.[place] ?? emitted.f);
}

function finished(steps) {
  for (;;) {
    const {done, value} = steps.next();
    if (done) return value;
  }
}

// In the worker: answers a request under its number.
function answer({data: {number, request}}) {
  const surface = finished(surfaceSteps(request));
  self.postMessage({number, surface}, [surface.height, surface.hole].filter(Boolean).map(numbers => numbers.buffer));
}
