// The payload: facts as JSON, and all arrays as one block of integers (see render/html/encoding.py).
const payload = JSON.parse(element("data").textContent);
Object.assign(payload, payload.scenes?.[0]);
let span = Math.max(payload.last, 1);  // the steps that the loss curves show

// The sign before decimals in the language of the page.
const decimal = new Intl.NumberFormat(payload.lang).formatToParts(0.5).find(part => part.type === "decimal").value;

function localNumber(number) {
  return String(number).replace(".", decimal);
}

// A text of the page, in the language of `lang=` or `words=`, with values in its placeholders.
function say(text, values = {}) {
  return (payload.words[text] ?? text).replace(/{(\w+)}/g, (place, name) => values[name] ?? place);
}

// Sizes of type in pixels, as --px in the style: the text scale, or the largest that a narrow window has room for.
function px(size) {
  return size * Math.min(payload.text_scale, Math.max(window.innerWidth / 320, 1));
}

function isStacked() {
  return window.innerWidth < 680 * payload.text_scale;
}

function element(id) {
  return document.getElementById(id);
}

async function decodeIntegers(text) {
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

// The inverse of differences between consecutive numbers.
function cumulativeSum(steps) {
  const numbers = new Float64Array(steps.length);
  let sum = 0;
  for (let i = 0; i < steps.length; i++) numbers[i] = sum += steps[i];
  return numbers;
}

// Numbers of four digits, from integers and powers of ten.
function toDecimals(whole, powers) {
  const power = cumulativeSum(powers);
  return Float64Array.from(whole, (number, i) => power[i] === 9999 ? NaN : Number(`${number}e${power[i]}`));
}

// The runs with their steps, points (as shares of the view) and losses, in the order of render/html/payload.py.
function decodeRuns(take) {
  return payload.runs.map((facts, index) => {
    const rows = {};
    for (const [name, count] of Object.entries(facts.arrays)) rows[name] = take(count);
    const share = name => name in rows ? cumulativeSum(rows[name]).map(number => number / 1e5) : null;
    const loss_values = toDecimals(rows.loss, rows.loss_power);
    return {
      ...facts, index, shown: true, steps: cumulativeSum(rows.step), u: share("x"), v: share("y"), loss_values,
      gap: "gap" in rows ? toDecimals(rows.gap, rows.gap_power) : loss_values,
      rates: "lr" in rows ? toDecimals(rows.lr, rows.lr_power) : null,
    };
  });
}

// The last point of a run at or before a time, and the fraction of the way to the next point.
function positionAt(run, time) {
  let low = 0, high = run.steps.length - 1;
  while (low < high) {
    const middle = low + high + 1 >> 1;
    if (run.steps[middle] <= time) low = middle; else high = middle - 1;
  }
  const next = run.steps[low + 1];
  return {at: low, share: next === undefined ? 0 : Math.max((time - run.steps[low]) / (next - run.steps[low]), 0)};
}

function fourDigits(number) {
  if (!Number.isFinite(number)) return say("not finite");
  if (number === 0) return "0";
  const size = Math.abs(number);
  const text = size >= 1e-4 && size < 1e5 ? String(Number(number.toPrecision(4))) : number.toExponential(3).replace("e+", "e");
  return localNumber(text).replace("-", "−").replace("e-", "e−");
}
