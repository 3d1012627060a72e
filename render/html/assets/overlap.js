// Overlapping trails: the upper one gets gaps that show the lower ones, as in render/artists/overlap.py.
// Overlaps are recomputed when a run is toggled or the view is zoomed.
const CELLS = 250, SIDE = CELLS + 2, SHORTEST = 0.03;

// For each segment of each run: how many visible runs below overlap it in the view, and since when.
function findOverlaps(runs, seen) {
  const taken = new Uint16Array(SIDE * SIDE), first = new Float64Array(SIDE * SIDE).fill(Infinity);
  for (const run of runs) {
    const moves = Math.max(run.steps.length - 1, 0), length = new Float64Array(moves), came = new Map();
    run.depth = new Uint16Array(moves);
    run.opens = new Float64Array(moves);
    if (!run.shown) continue;
    const u = run.u.map(u => clamp((u - seen.left) / (seen.right - seen.left), -1, 2));
    const v = run.v.map(v => clamp((v - seen.bottom) / (seen.top - seen.bottom), -1, 2));
    for (let i = 0; i < moves; i++) {
      const cells = cellsOf(u[i], v[i], u[i + 1], v[i + 1]);
      let least = Infinity, opens = 0;
      for (const cell of cells) {
        least = Math.min(least, taken[cell]);
        opens = Math.max(opens, first[cell]);
        if (cell && !came.has(cell)) came.set(cell, run.steps[i + 1]);
      }
      [run.depth[i], run.opens[i]] = [least, opens];
      length[i] = Math.hypot(u[i + 1] - u[i], v[i + 1] - v[i]);
    }
    mergeOverlaps(run.depth, length);
    for (const [cell, time] of dilate(came)) {
      taken[cell]++;
      first[cell] = Math.min(first[cell], time);
    }
  }
}

// The grid cells that a segment crosses; 0 is everything out of view.
function cellsOf(u, v, u1, v1) {
  const count = Math.max(Math.ceil(2 * CELLS * Math.max(Math.abs(u1 - u), Math.abs(v1 - v))), 1), cells = [];
  for (let k = 0; k < count; k++) {
    const share = (k + 0.5) / count, a = u + share * (u1 - u), b = v + share * (v1 - v);
    const inside = a >= 0 && a < 1 && b >= 0 && b < 1;
    const cell = inside ? (Math.floor(b * CELLS) + 1) * SIDE + Math.floor(a * CELLS) + 1 : 0;
    if (cell !== cells[cells.length - 1]) cells.push(cell);
  }
  return cells;
}

// Cells and their neighbours, each with its earliest time.
function dilate(cells) {
  const wide = new Map();
  for (const [cell, time] of cells)
    for (const row of [-SIDE, 0, SIDE])
      for (const column of [-1, 0, 1]) {
        const near = cell + row + column;
        wide.set(near, Math.min(wide.get(near) ?? Infinity, time));
      }
  wide.delete(0);
  return wide;
}

// Short overlaps are crossings and are ignored. Longer ones get one depth, so that their dashes are continuous.
function mergeOverlaps(depth, length) {
  for (let begin = 0, end; begin < depth.length; begin = end) {
    for (end = begin + 1; end < depth.length && depth[end] > 0 === depth[begin] > 0;) end++;
    if (!depth[begin]) continue;
    let way = 0;
    for (let i = begin; i < end; i++) way += length[i];
    const middle = depth.slice(begin, end).sort()[end - begin >> 1];
    depth.fill(way < SHORTEST ? 0 : middle, begin, end);
  }
}
