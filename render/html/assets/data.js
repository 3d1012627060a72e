// What the page was given: the facts as JSON, and all long rows of numbers as one pool (see render/pool.py).
const given = JSON.parse(element("data").textContent);
const span = Math.max(given.last, 1);

function element(id) {
  return document.getElementById(id);
}

async function poolOf(text) {
  const packed = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const count = bytes.length / 4, numbers = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const word = bytes[i] | bytes[i + count] << 8 | bytes[i + 2 * count] << 16 | bytes[i + 3 * count] << 24;
    numbers[i] = word >>> 1 ^ -(word & 1);
  }
  let place = 0;
  return count => numbers.subarray(place, place += count);
}

// From how much each number is more than the one before to the numbers.
function summed(steps) {
  const numbers = new Float64Array(steps.length);
  let sum = 0;
  for (let i = 0; i < steps.length; i++) numbers[i] = sum += steps[i];
  return numbers;
}

// Numbers of four digits, from whole numbers and powers of ten.
function decimals(whole, powers) {
  const power = summed(powers);
  return Float64Array.from(whole, (number, i) => power[i] === 9999 ? NaN : Number(`${number}e${power[i]}`));
}

// The runs, with their steps, points (in shares of the view) and losses; the order is that of render/page.py.
function runsOf(take) {
  return given.runs.map((told, index) => {
    const rows = {};
    for (const [name, count] of Object.entries(told.arrays)) rows[name] = take(count);
    const share = name => name in rows ? summed(rows[name]).map(number => number / 1e5) : null;
    const value = decimals(rows.value, rows.value_power);
    return {
      ...told, index, shown: true, steps: summed(rows.step), u: share("x"), v: share("y"), value,
      gap: "gap" in rows ? decimals(rows.gap, rows.gap_power) : value,
      rates: "lr" in rows ? decimals(rows.lr, rows.lr_power) : null,
    };
  });
}

// The last point of a run at or before a time, and how far it has come from there to the next one.
function reached(run, time) {
  let low = 0, high = run.steps.length - 1;
  while (low < high) {
    const middle = low + high + 1 >> 1;
    if (run.steps[middle] <= time) low = middle; else high = middle - 1;
  }
  const next = run.steps[low + 1];
  return {at: low, share: next === undefined ? 0 : Math.max((time - run.steps[low]) / (next - run.steps[low]), 0)};
}

function fourDigits(number) {
  if (!Number.isFinite(number)) return "not finite";
  if (number === 0) return "0";
  const size = Math.abs(number);
  const text = size >= 1e-4 && size < 1e5 ? String(Number(number.toPrecision(4))) : number.toExponential(3).replace("e+", "e");
  return text.replace("-", "−").replace("e-", "e−");
}
