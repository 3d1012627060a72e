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

// The error function, by rational approximations on four intervals (Sun Microsystems, 1993).
const erf = x => {
  const poly = (t, c) => c.reduceRight((sum, one) => sum * t + one, 0), a = Math.abs(x), sign = x < 0 ? -1 : 1;
  if (a < 0.84375) {
    const z = x * x;
    return x + x * poly(z, [1.28379167095512558561e-01, -3.25042107247001499370e-01, -2.84817495755985104766e-02,
      -5.77027029648944159157e-03, -2.37630166566501626084e-05]) / poly(z, [1, 3.97917223959155352819e-01,
      6.50222499887672944485e-02, 5.08130628187576562776e-03, 1.32494738004321644526e-04, -3.96022827877536812320e-06]);
  }
  if (a < 1.25) {
    return sign * (8.45062911510467529297e-01 + poly(a - 1, [-2.36211856075265944077e-03, 4.14856118683748331666e-01,
      -3.72207876035701323847e-01, 3.18346619901161753674e-01, -1.10894694282396677476e-01, 3.54783043256182359371e-02,
      -2.16637559486879084300e-03]) / poly(a - 1, [1, 1.06420880400844228286e-01, 5.40397917702171048937e-01,
      7.18286544141962662868e-02, 1.26171219808761642112e-01, 1.36370839120290507362e-02, 1.19844998467991074170e-02]));
  }
  if (a >= 6) return sign;
  const s = 1 / (a * a), z = upper(a), ratio = a < 1 / 0.35
    ? poly(s, [-9.86494403484714822705e-03, -6.93858572707181764372e-01, -1.05586262253232909814e+01,
      -6.23753324503260060396e+01, -1.62396669462573470355e+02, -1.84605092906711035994e+02, -8.12874355063065934246e+01,
      -9.81432934416914548592e+00]) / poly(s, [1, 1.96512716674392571292e+01, 1.37657754143519042600e+02,
      4.34565877475229228821e+02, 6.45387271733267880336e+02, 4.29008140027567833386e+02, 1.08635005541779435134e+02,
      6.57024977031928170135e+00, -6.04244152148580987438e-02])
    : poly(s, [-9.86494292470009928597e-03, -7.99283237680523006574e-01, -1.77579549177547519889e+01,
      -1.60636384855821916062e+02, -6.37566443368389627722e+02, -1.02509513161107724954e+03,
      -4.83519191608651397019e+02]) / poly(s, [1, 3.03380607434824582924e+01, 3.25792512996573918826e+02,
      1.53672958608443695994e+03, 3.19985821950859553908e+03, 2.55305040643316442583e+03, 4.74528541206955367215e+02,
      -2.24409524465858183362e+01]);
  return sign * (1 - Math.exp(-z * z - 0.5625) * Math.exp((z - a) * (z + a) + ratio) / a);
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
