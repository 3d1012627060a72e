// The runs of one cell of a sweep: its setting, and the steps of its optimizer from each start. No document.

// The optimizer of a cell, and the values of all varied hyper-parameters: of the two sides, and the best of the others.
function cellSetting(chart, {map, row, column}) {
  const {optimizers, columns, others} = chart.maps[map], values = {[chart.across.key]: chart.across.values[column]};
  if (!chart.strip) values[chart.down.key] = chart.down.values[row];
  for (const [name, best] of Object.entries(others)) values[name] = best[row * columns + column];
  return {optimizer: optimizers[row], values};
}

// The runs of a setting, not taken yet: one per start. Optimizers were emitted without the terms that are zero.
function cellRuns(live, emitted, {optimizer, values}) {
  const zeros = live.varied.map(name => Number(values[name] !== 0)).join(""), index = live.optimizers[optimizer].runs[zeros];
  const {names, values: usual} = live.runs[index], own = usual.map((value, i) => values[names[i]] ?? value);
  const terms = {first: null, target: live.target, box: live.box};
  return live.starts.map(start => beginRun(live, emitted, live.runs[index], start, live.steps, own, terms));
}

// The largest stable learning rate of a setting and its formula; null if theory knows none.
function stableRate(live, {optimizer, values}) {
  const {stable} = live.optimizers[optimizer];
  if (!stable) return null;
  const of = stable.by ? stable.lr[live.axes[stable.by].indexOf(values[stable.by])] : stable.lr[0];
  return of === null || of === undefined ? null : {lr: of, formula: stable.formula};
}
