// The map of a sweep: a cell per setting, the boundary of stability, and the choice of a cell by pointer, touch and keys.
const chart = payload.map, FAILED_CELL = 256, MISSED_CELL = 257;

function decodeMaps(take) {
  for (const map of chart.maps) map.code = cumulativeSum(take(map.codes));
}

function mapBox() {
  const {width, height} = element("map-box").getBoundingClientRect(), context = element("map").getContext("2d");
  context.font = `${px(12)}px ${FONT}`;
  const widest = Math.max(...chart.down.ticks.map(([, word]) => context.measureText(word).width));
  const left = Math.min(widest + px(chart.strip ? 14 : 34), 0.45 * width);
  return {left, top: px(8), right: Math.max(width - MARGIN.right, left + 20), bottom: Math.max(height - px(44), 30)};
}

function cellAt(box, {rows, columns}, x, y) {
  const column = Math.floor((x - box.left) / (box.right - box.left) * columns), row = Math.floor((box.bottom - y) / (box.bottom - box.top) * rows);
  return row >= 0 && row < rows && column >= 0 && column < columns ? {row, column} : null;
}

// The picture of the cells, one pixel each; it is made once per theme.
function mapPicture(map, look) {
  const {rows, columns, code} = map, known = (map.pictures ??= new Map()).get(look);
  if (known) return known;
  const sheet = new OffscreenCanvas(columns, rows), picture = new ImageData(columns, rows);
  const colors = [...look.ramp, look.failed, look.missed].map(rgb);
  for (let row = 0, i = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, i++)
      picture.data.set([...colors[code[i]], 255], 4 * ((rows - 1 - row) * columns + column));
  sheet.getContext("2d").putImageData(picture, 0, 0);
  map.pictures.set(look, sheet);
  return sheet;
}

function drawMap(map, look, chosen) {
  const context = contextFor(element("map")), box = mapBox(), {rows, columns} = map;
  const wide = (box.right - box.left) / columns, high = (box.bottom - box.top) / rows, x = at => box.left + at * wide, y = at => box.bottom - at * high;
  context.imageSmoothingEnabled = false;
  context.drawImage(mapPicture(map, look), box.left, box.top, box.right - box.left, box.bottom - box.top);
  const fits = (ticks, room) => ticks.filter((_, i) => i % Math.max(Math.ceil(ticks.length / Math.max(room, 1)), 1) === 0);
  const across = fits(chart.across.ticks, (box.right - box.left) / px(44)), up = chart.strip ? chart.down.ticks : fits(chart.down.ticks, (box.bottom - box.top) / px(20));
  drawAxes(context, box, look, across.map(([at, word]) => [x(at), word]), up.map(([at, word]) => [y(at), word]), false);
  [context.fillStyle, context.textAlign, context.textBaseline] = [look.foreground, "center", "bottom"];
  context.fillText(chart.across.name, (box.left + box.right) / 2, box.bottom + px(42));
  if (!chart.strip) {
    context.save();
    context.translate(px(2), (box.top + box.bottom) / 2);
    context.rotate(-Math.PI / 2);
    context.textBaseline = "top";
    context.fillText(chart.down.name, 0, 0);
    context.restore();
  }
  if (map.boundary) drawBoundary(context, map.boundary, box, look, x, y);
  if (map.best) ring(context, x(map.best[1] + 0.5), y(map.best[0] + 0.5), px(4.5), look.star, look.star_edge);
  outlineCell(context, x(chosen.column), y(chosen.row + 1), wide, high, look);
}

function ring(context, x, y, radius, color, edge) {
  for (const [width, ink] of [[3.4, edge], [1.7, color]]) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    [context.lineWidth, context.strokeStyle] = [width, ink];
    context.stroke();
  }
}

// A frame around the chosen cell, which is never smaller than what can be seen.
function outlineCell(context, left, top, wide, high, look) {
  const more = [Math.max(8 - wide, 0) / 2, Math.max(8 - high, 0) / 2];
  for (const [width, ink] of [[4.5, look.background], [2, look.foreground]]) {
    [context.lineWidth, context.strokeStyle] = [width, ink];
    context.strokeRect(left - more[0], top - more[1], wide + 2 * more[0], high + 2 * more[1]);
  }
}

// The boundary: between the rates that are stable and those that are not; on a strip, one piece per row.
function drawBoundary(context, {along, places, formulas}, box, look, x, y) {
  const across = along === "across", point = (at, side) => across ? [x(at), y(side)] : [x(side), y(at)];
  const pieces = [], ends = i => [i === 0 ? 0 : i + 0.5, i === places.length - 1 ? places.length : i + 0.5];
  let piece = [];
  places.forEach((at, i) => {
    if (at === null || chart.strip) {
      if (piece.length) pieces.push(piece);
      piece = [];
      if (at !== null) pieces.push([point(at, i), point(at, i + 1)]);
    } else piece.push(...ends(i).map(side => point(at, side)));
  });
  if (piece.length) pieces.push(piece);
  context.lineJoin = "round";
  for (const [width, ink, dashes] of [[5, look.background, []], [2.2, look.foreground, [7, 4]]]) {
    context.setLineDash(dashes);
    [context.lineWidth, context.strokeStyle] = [width, ink];
    for (const piece of pieces) {
      context.beginPath();
      piece.forEach(([a, b], i) => context[i ? "lineTo" : "moveTo"](a, b));
      context.stroke();
    }
  }
  context.setLineDash([]);
  const label = (word, [a, b]) => {
    const width = context.measureText(word).width, left = a + px(6) + width > box.right ? a - px(6) - width : a + px(6);
    [context.textAlign, context.textBaseline, context.lineWidth, context.strokeStyle] = ["left", "middle", 4, look.background];
    const place = [Math.max(left, box.left + 2), clamp(b, box.top + px(9), box.bottom - px(9))];
    context.strokeText(word, ...place);
    context.fillStyle = look.foreground;
    context.fillText(word, ...place);
  };
  if (chart.strip) places.forEach((at, i) => at !== null && label(formulas[i], point(at, i + 0.5)));
  else {
    const known = places.flatMap((at, i) => at === null ? [] : [i]), middle = known[Math.floor(known.length / 2)];
    if (!known.length) return;
    const [a, b] = point(places[middle], middle + 0.5), above = b - px(12) < box.top + px(9) ? px(12) : -px(12);
    label(`lr = ${formulas[middle]}`, across ? [a, b] : [a, b + above]);
  }
}

// Calls `choose(cell, pinned)` for the cell under the pointer, for a pressed or touched one, and for one moved to by keys.
function watchMap(current, choose) {
  const canvas = element("map");
  const under = event => {
    const {left, top} = canvas.getBoundingClientRect();
    return cellAt(mapBox(), chart.maps[current().map], event.clientX - left, event.clientY - top);
  };
  canvas.addEventListener("pointermove", event => choose(under(event), event.buttons > 0 || event.pointerType !== "mouse"));
  canvas.addEventListener("pointerdown", event => {
    canvas.setPointerCapture(event.pointerId);
    choose(under(event), true);
  });
  canvas.addEventListener("pointerleave", event => event.pointerType === "mouse" && choose(null, false));
  canvas.addEventListener("keydown", event => {
    const move = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [1, 0], ArrowDown: [-1, 0]}[event.key], {map, row, column} = current();
    const {rows, columns, best} = chart.maps[map], far = event.shiftKey ? 5 : 1;
    if (event.ctrlKey || event.metaKey || event.altKey || !(move || (event.key === "Home" && best))) return;
    event.preventDefault();
    event.stopPropagation();
    const [i, j] = move ? [row + far * move[0], column + far * move[1]] : best;
    choose({row: clamp(i, 0, rows - 1), column: clamp(j, 0, columns - 1)}, true);
  });
}
