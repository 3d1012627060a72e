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

let targetPlace = null;  // the right end of the word, chosen once per layout, for all frames

function placeCurves(runs) {
  const scale = panelScale(panelBox());
  targetPlace = null;
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
  context.setLineDash([]);
  if (target !== null) labelTarget(context, box, scale.y(scale.change(target)), look, runs);
  context.restore();
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
}

function labelTarget(context, box, y, look, runs) {  // where no curve runs; with an outline, if curves run everywhere
  if (!(y >= box.top)) return;
  const word = say("target") + (y > box.bottom ? " ↓" : "");  // an arrow says that the line is below the axes
  y = Math.min(y, box.bottom);
  [context.font, context.textAlign, context.textBaseline] = [`${px(10)}px ${FONT}`, "right", "bottom"];
  targetPlace ??= freePlace(box, y, context.measureText(word).width, runs);
  [context.strokeStyle, context.lineWidth, context.lineJoin] = [look.background, 3, "round"];
  context.strokeText(word, targetPlace, y - 2);
  context.fillStyle = look.muted;
  context.fillText(word, targetPlace, y - 2);
}

// The place nearest to the right end of the line at which no curve strikes a word of this width.
function freePlace(box, y, width, runs) {
  const high = y - 4 - px(10), low = y;
  for (let right = box.right - 4; right - width > box.left; right -= width / 4) {
    const near = (run, i) => i && run.across[i] >= right - width - 3 && run.across[i - 1] <= right + 3;
    const struck = run => run.up.some((up, i) => near(run, i) && Math.min(up, run.up[i - 1]) <= low && Math.max(up, run.up[i - 1]) >= high);
    if (!runs.some(struck)) return right;
  }
  return box.right - 4;
}
