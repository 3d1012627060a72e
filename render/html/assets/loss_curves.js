// The loss curves: one curve per run, drawn up to the current time.

function panelBox() {
  return axesBox("panel");
}

// From steps and losses to pixels.
function panelScale(box) {
  const {log, low, high} = payload.loss_panel, change = log ? loss => Math.log10(Math.max(loss, low * 1e-3)) : loss => loss;
  const from = change(low), to = change(high);
  return {
    from, to, change,
    x: step => box.left + step / span * (box.right - box.left),
    y: height => box.bottom - (height - from) / (to - from) * (box.bottom - box.top),
  };
}

function placeCurves(runs) {
  const scale = panelScale(panelBox());
  for (const run of runs) {
    run.across = run.steps.map(scale.x);
    run.up = run.gap.map(loss => scale.y(scale.change(loss)));
  }
}

function drawLossCurves(runs, look, time) {
  const context = contextFor(element("loss-curves")), box = panelBox(), scale = panelScale(box);
  const {log, target} = payload.loss_panel, most = (box.bottom - box.top) / px(28);
  const across = linearTicks(0, span, (box.right - box.left) / px(52), true).map(([step, word]) => [scale.x(step), word]);
  const up = (log ? logTicks : linearTicks)(scale.from, scale.to, most).map(([height, word]) => [scale.y(height), word]);
  drawAxes(context, box, look, across, up, true);
  context.save();
  context.beginPath();
  context.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
  context.clip();
  if (target !== null) drawTarget(context, box, scale.y(scale.change(target)), look);
  context.lineJoin = "round";
  const ends = [];
  for (const run of runs.filter(run => run.shown && run.steps.length)) {
    const {color, dashes} = look.runs[run.index], {at, share} = positionAt(run, time);
    context.setLineDash(dashes.map(dash => 2.3 * dash));
    [context.strokeStyle, context.lineWidth] = [color, 2.3];
    context.beginPath();
    let broken = true, x, y;
    for (let i = 0; i <= at; i++) {
      [x, y] = [run.across[i], run.up[i]];
      if (Number.isFinite(y)) context[broken ? "moveTo" : "lineTo"](x, y);
      broken = !Number.isFinite(y);
    }
    if (share && !broken && Number.isFinite(run.up[at + 1])) {
      x += share * (run.across[at + 1] - x);
      y += share * (run.up[at + 1] - y);
      context.lineTo(x, y);
    }
    context.stroke();
    if (!broken && y >= box.top - 1 && y <= box.bottom + 1) ends.push([run, x, y, color]);
  }
  context.restore();
  context.setLineDash([]);
  for (const [run, x, y, color] of ends) mark(context, look.runs[run.index].marker, x, y, 6.5, color, color, 0);
}

function drawTarget(context, box, y, look) {
  if (!(y >= box.top && y <= box.bottom)) return;
  context.setLineDash([5, 4]);
  [context.strokeStyle, context.lineWidth] = [look.muted, 1];
  context.beginPath();
  context.moveTo(box.left, y);
  context.lineTo(box.right, y);
  context.stroke();
  context.setLineDash([]);
  [context.fillStyle, context.font, context.textAlign, context.textBaseline] = [look.muted, `${px(10)}px ${FONT}`, "right", "bottom"];
  context.fillText(say("target"), box.right - 4, y - 2);
}
