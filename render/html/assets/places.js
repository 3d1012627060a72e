// The places of runs at a time, by the rules of the leaderboard in pictures: who has reached the target for good, the
// earlier the better; then the present loss; failed runs last.
const CALM = 400;  // milliseconds between two changes of the order while the race is played

function placeKey(run, time) {
  const failed = run.stopped !== null && time >= run.stopped, arrived = !failed && run.reached != null && time >= run.reached;
  const loss = failed ? run.final : run.loss_values[positionAt(run, time).at];
  return [failed ? 1 : 0, arrived ? run.reached : Infinity, loss == null || Number.isNaN(loss) ? Infinity : loss];
}

function compareKeys(one, other) {
  const at = one.findIndex((part, i) => part !== other[i]);
  return at < 0 ? 0 : one[at] < other[at] ? -1 : 1;
}

// The runs from best to worst with their places: equal ones share a place, failed ones have none.
function placesAt(runs, time) {
  const rows = runs.filter(run => run.steps?.length).map(run => ({run, key: placeKey(run, time)}));
  rows.sort((one, other) => compareKeys(one.key, other.key) || one.run.index - other.run.index);
  rows.forEach((row, i) => {
    const tied = i > 0 && compareKeys(rows[i - 1].key, row.key) === 0;
    row.place = row.key[0] ? "–" : tied ? rows[i - 1].place : String(i + 1);
  });
  return rows;
}

// Writes the places into the rows of the legend, and returns the order.
function writePlaces(runs, time) {
  const rows = placesAt(runs, time);
  for (const {run, place} of rows) if (run.place.textContent !== place) run.place.textContent = place;
  return rows.map(({run}) => run);
}
