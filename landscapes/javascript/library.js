// What emitted programs call besides Math. Blank lines separate the helpers; each calls earlier ones only.

const sign = x => (x > 0) - (x < 0);

// Halves go to the even neighbour, as in torch; Math.round takes the upper one.
const round = x => {
  const r = Math.round(x);
  return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r;
};

// The sign is that of the divisor.
const remainder = (a, b) => {
  const m = a % b;
  return m !== 0 && (b < 0) !== (m < 0) ? m + b : m;
};

// The upper 26 bits of a number (Veltkamp, 1968).
const upper = x => {
  const c = 134217729 * x;
  return c - (c - x);
};

// The rounding error of the product p of a and b, exactly (Dekker, 1971).
const lower = (a, b, p) => {
  const h = upper(a), k = upper(b), l = a - h, m = b - k;
  return l * m - (p - h * k - l * k - h * m);
};

// a + b rounded to odd: of the two neighbours of an inexact sum, the one whose last bit is 1.
const odd = (() => {
  const sum = new Float64Array(1), words = new Int32Array(sum.buffer);
  const low = new Uint8Array(new Uint16Array([1]).buffer)[0] ? 0 : 1;
  return (a, b) => {
    const s = a + b, t = s - a, error = a - (s - t) + (b - t);
    sum[0] = s;
    if (error !== 0 && (words[low] & 1) === 0) {
      if (error > 0 === s > 0) {
        words[low] += 1;
      } else {
        if (words[low] === 0) words[1 - low] -= 1;
        words[low] -= 1;
      }
    }
    return sum[0];
  };
})();

// a·b + c, rounded once (Boldo & Melquiond, 2008). Very small numbers are scaled; above 1e250, it rounds twice.
const fma = (a, b, c) => {
  const p = a * b, s = p + c, q = Math.abs(p), d = Math.abs(c);
  if (p === 0 || c === 0 || !(q < 1e250 && d < 1e250 && Math.abs(a) < 1e290 && Math.abs(b) < 1e290)) return s;
  if (q < 1e-250) {
    if (d > 1e-200) return s;
    const k = 2 ** 400;
    return (Math.abs(a) < Math.abs(b) ? fma(a * k, b, c * k) : fma(a, b * k, c * k)) / k;
  }
  const l = lower(a, b, p);
  const t = c + l, i = t - c, u = c - (t - i) + (l - i);
  const v = p + t, j = v - p, w = p - (v - j) + (t - j);
  return v + odd(w, u);
};

// b to the power t. For integers t ≥ 0 it is computed with twice the bits, and so is almost always correctly rounded,
// as is Python's; Math.pow is often off by one bit.
const power = (b, t) => {
  if (!(t % 1 === 0 && t >= 0 && t < 1e9)) return Math.pow(b, t);
  let h = 1, l = 0, x = b, y = 0;
  for (let n = t; n >= 1; n = Math.floor(n / 2)) {
    if (n % 2 === 1) {
      const p = h * x, e = lower(h, x, p) + (h * y + l * x);
      h = p + e;
      l = e - (h - p);
    }
    const p = x * x, e = lower(x, x, p) + 2 * x * y;
    x = p + e;
    y = e - (x - p);
  }
  const r = h + l;
  return r - r === 0 ? r : Math.pow(b, t);
};
