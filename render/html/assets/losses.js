// The losses: a curve a run that grows with the race.

function panelBox() {
  const {width, height} = element("panel").getBoundingClientRect(), left = window.innerWidth < 680 ? 36 : MARGIN.left;
  return {left, top: MARGIN.top, right: Math.max(width - MARGIN.right, left + 20), bottom: Math.max(height - MARGIN.bottom, 30)};
}

// From steps and losses to pixels.
function panelScale(box) {
  const {log, low, high} = given.losses, change = log ? loss => Math.log10(Math.max(loss, low * 1e-3)) : loss => loss;
  const from = change(low), to = change(high);
  return {
    from, to, change,
    x: step => box.left + step / span * (box.right - box.left),
    y: height => box.bottom - (height - from) / (to - from) * (box.bottom - box.top),
  };
}

function layCurves(runs) {
  const scale = panelScale(panelBox());
  for (const run of runs) {
    run.across = run.steps.map(scale.x);
    run.up = run.gap.map(loss => scale.y(scale.change(loss)));
  }
}

function drawLosses(runs, look, time) {
  const pen = penOf(element("losses")), box = panelBox(), scale = panelScale(box);
  const {log, target} = given.losses, most = (box.bottom - box.top) / 28;
  const across = roundTicks(0, span, (box.right - box.left) / 52, true).map(([step, word]) => [scale.x(step), word]);
  const up = (log ? powerTicks : roundTicks)(scale.from, scale.to, most).map(([height, word]) => [scale.y(height), word]);
  drawAxes(pen, box, look, across, up, true);
  pen.save();
  pen.beginPath();
  pen.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
  pen.clip();
  if (target !== null) drawTarget(pen, box, scale.y(scale.change(target)), look);
  pen.lineJoin = "round";
  const ends = [];
  for (const run of runs.filter(run => run.shown && run.steps.length)) {
    const {color, dashes} = look.runs[run.index], {at, share} = reached(run, time);
    pen.setLineDash(dashes.map(dash => 2.3 * dash));
    [pen.strokeStyle, pen.lineWidth] = [color, 2.3];
    pen.beginPath();
    let broken = true, x, y;
    for (let i = 0; i <= at; i++) {
      [x, y] = [run.across[i], run.up[i]];
      if (Number.isFinite(y)) pen[broken ? "moveTo" : "lineTo"](x, y);
      broken = !Number.isFinite(y);
    }
    if (share && !broken && Number.isFinite(run.up[at + 1])) {
      x += share * (run.across[at + 1] - x);
      y += share * (run.up[at + 1] - y);
      pen.lineTo(x, y);
    }
    pen.stroke();
    if (!broken && y >= box.top - 1 && y <= box.bottom + 1) ends.push([run, x, y, color]);
  }
  pen.restore();
  pen.setLineDash([]);
  for (const [run, x, y, color] of ends) mark(pen, look.runs[run.index].marker, x, y, 6.5, color, color, 0);
}

function drawTarget(pen, box, y, look) {
  if (!(y >= box.top && y <= box.bottom)) return;
  pen.setLineDash([5, 4]);
  [pen.strokeStyle, pen.lineWidth] = [look.muted, 1];
  pen.beginPath();
  pen.moveTo(box.left, y);
  pen.lineTo(box.right, y);
  pen.stroke();
  pen.setLineDash([]);
  [pen.fillStyle, pen.font, pen.textAlign, pen.textBaseline] = [look.muted, `10px ${FONT}`, "right", "bottom"];
  pen.fillText("target", box.right - 4, y - 2);
}
