// Formulas that a reader types: the grammar and the errors of landscapes.formula, values and gradients by reverse
// differentiation. No text becomes code.
const DEEPEST = 200, LONGEST = 10_000, LARGEST_POWER = 100, EXCERPT = 72, LOG2 = Math.log(2), LOG10 = Math.log(10);

// An error: a text of the page, the values of its placeholders, and the place in the formula. `message` is in English.
class FormulaError extends Error {
  constructor(words, values, text, begin, end = begin + 1) {
    super(`character ${begin + 1}: ${words.replace(/{(\w+)}/g, (place, name) => listed(values[name], (one, other) => `${one} or ${other}`) ?? place)}`);
    Object.assign(this, {words, values, character: begin + 1});
    const first = Math.max(0, Math.min(begin - EXCERPT / 3, text.length - EXCERPT)), excerpt = text.slice(first, first + EXCERPT);
    this.place = `\n  ${excerpt}\n  ${" ".repeat(begin - first)}${"^".repeat(Math.max(1, Math.min(end, first + excerpt.length) - begin))}`;
  }
}

// A value of a text; several names are joined by `or`.
function listed(value, or) {
  return Array.isArray(value) ? value.reduce(or) : value;
}

const productPower = (b, n) => {
  if (n < 0) return 1 / productPower(b, -n);
  if (n <= 1) return n ? b : 1;
  const half = productPower(b, Math.floor(n / 2));
  return n % 2 ? half * half * b : half * half;
};

// A power as landscapes.formula computes it: integer and half-integer constant exponents by products and roots.
const constantPower = (b, e) => {
  if (2 * e % 1 !== 0 || Math.abs(e) > 2 ** 53) return Math.pow(b, e);
  if (e % 1 === 0) return productPower(b, e);
  const size = Math.abs(e), root = size > 1 ? productPower(b, Math.trunc(size)) * Math.sqrt(b) : Math.sqrt(b);
  return e > 0 ? root : 1 / root;
};
const powerOf = (a, b) => a === 1 || a === -1 && Math.abs(b) === Infinity ? 1 : Math.pow(a, b);  // as IEEE 754 and torch
const powerSlope = (b, e) => {
  if (e === 0) return 0;
  if (e % 1 !== 0 && 2 * e % 1 === 0 && b === 0) return e > 0 ? 0 : NaN;  // the root has the slope 0 there
  return e * constantPower(b, e - 1);
};
const even = x => {
  const r = Math.round(x);
  return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r;
};
const nought = () => 0, sigmoidOf = x => 1 / (1 + Math.exp(-x));
const tied = (g, a, b, wins) => a === b ? g / 2 : wins ? g : 0;

// Per operation: its value, and the part of each operand in the gradient g, given the value v.
const FORMULA = {
  "+": [(a, b) => a + b, g => g, g => g],
  "-": [(a, b) => a - b, g => g, g => -g],
  "*": [(a, b) => a * b, (g, v, a, b) => g * b, (g, v, a) => g * a],
  "/": [(a, b) => a / b, (g, v, a, b) => g / b, (g, v, a, b) => -g * (v / b)],
  "**": [powerOf, (g, v, a, b) => b === 0 ? 0 : g * (b * Math.pow(a, b - 1)), (g, v, a, b) => a === 0 && b >= 0 ? 0 : g * (v * Math.log(a))],
  negative: [a => -a, g => -g],
  "<": [(a, b) => a < b], "<=": [(a, b) => a <= b], ">": [(a, b) => a > b], ">=": [(a, b) => a >= b],
  and: [(a, b) => a && b], or: [(a, b) => a || b],
  abs: [Math.abs, (g, v, a) => g * Math.sign(a)],
  acos: [Math.acos, (g, v, a) => -g / Math.sqrt(1 - a * a)],
  asin: [Math.asin, (g, v, a) => g / Math.sqrt(1 - a * a)],
  atan: [Math.atan, (g, v, a) => g / (a * a + 1)],
  atan2: [Math.atan2, (g, v, a, b) => g * (b / (a * a + b * b)), (g, v, a, b) => g * (-a / (a * a + b * b))],
  ceil: [Math.ceil, nought],
  cos: [Math.cos, (g, v, a) => -g * Math.sin(a)],
  cosh: [Math.cosh, (g, v, a) => g * Math.sinh(a)],
  erf: [erf, (g, v, a) => g * (2 / Math.sqrt(Math.PI) * Math.exp(-a * a))],
  exp: [Math.exp, (g, v) => g * v],
  floor: [Math.floor, nought],
  log: [Math.log, (g, v, a) => g / a],
  log10: [Math.log10, (g, v, a) => g / (a * LOG10)],
  log2: [Math.log2, (g, v, a) => g / (a * LOG2)],
  max: [(a, b) => Math.max(a, b), (g, v, a, b) => tied(g, a, b, a > b), (g, v, a, b) => tied(g, a, b, b > a)],
  min: [(a, b) => Math.min(a, b), (g, v, a, b) => tied(g, a, b, a < b), (g, v, a, b) => tied(g, a, b, b < a)],
  round: [even, nought],
  sigmoid: [sigmoidOf, (g, v) => g * (1 - v) * v],
  sign: [Math.sign, nought],
  sin: [Math.sin, (g, v, a) => g * Math.cos(a)],
  sinh: [Math.sinh, (g, v, a) => g * Math.cosh(a)],
  sqrt: [Math.sqrt, (g, v, a) => a === 0 ? 0 : g / (2 * v)],
  tan: [Math.tan, (g, v) => g * (v * v + 1)],
  tanh: [Math.tanh, (g, v) => g * (1 - v * v)],
  where: [(c, a, b) => c ? a : b, nought, (g, v, c) => c ? g : 0, (g, v, c) => c ? 0 : g],
};
const COUNTS = {atan2: [2, 2], min: [2, Infinity], max: [2, Infinity], where: [3, 3]};
const FORMULA_NAMES = Object.keys(FORMULA).filter(name => /^\w+$/.test(name) && !["negative", "and", "or"].includes(name));
const ALIASES = {arcsin: "asin", arccos: "acos", arctan: "atan", ln: "log", fabs: "abs", minimum: "min", maximum: "max", arctan2: "atan2", ceiling: "ceil"};
const CONSTANTS = {pi: Math.PI, π: Math.PI, e: Math.E}, AXES = {x: 0, y: 1};
const HINTS = {"^": ["^ is not a power here; write {other}", "x**2"], "//": ["// is not supported; write {other}", "floor(x / y)"], "%": ["% is not supported; write {other}", "x - y * floor(x / y)"], ".": ["attributes are not supported; write sin(x) for np.sin(x)"]};
const LETTERS_HINTS = {"²": "x**2", "³": "x**3", "·": "*", "×": "*", "−": "-", "÷": "/"};

// The tree of a formula of x and y: {name, parts, value, begin, end}; raises FormulaError with the place in the text.
function parseFormula(given) {
  const text = given.replace(/\s/g, " ").trim(), fail = (words, begin, end, values = {}) => { throw new FormulaError(words, values, text, begin, end); };
  if (!text) fail("the formula is empty; write one, as in x**2 + 3*sin(y)", 0);
  if (text.length > LONGEST) fail("the formula has {count} characters, more than {most}", 0, 1, {count: text.length, most: LONGEST});
  const tokens = tokensOf(text, fail);
  let at = 0, depth = 0;
  const peek = () => tokens[at], is = (...words) => peek().kind !== "number" && words.includes(peek().text);
  const expect = word => {
    if (!is(word)) unexpected();
    return tokens[at++];
  };
  const unexpected = () => {
    const {kind, text: word, begin, end} = peek(), before = tokens[at - 1];
    if (kind === "end") fail("the formula is incomplete", begin);
    if (Object.hasOwn(HINTS, word)) fail(HINTS[word][0], begin, end, {other: HINTS[word][1]});
    if (before && (before.kind !== "sign" || before.text === ")") && (kind !== "sign" || word === "(")) fail("an operator is missing here; write * for a product: 2*x", before.kind === "number" && before.end === begin ? begin - 1 : begin, end);
    if (word === ",") fail("a comma may only separate the arguments of a function; the decimal separator is a dot", begin, end);
    if (/^[<>]/.test(word)) fail("a comparison is allowed only as the condition of where(x > 0, a, b)", begin, end);
    fail("'{word}' is not expected here", begin, end, {word});
  };
  const deeper = parse => {
    if (++depth > DEEPEST) fail("more than {most} operations are nested", peek().begin, peek().end, {most: DEEPEST});
    const node = parse();
    depth--;
    return node;
  };
  const node = (name, parts, begin, end) => {
    const constant = !(name in {"<": 1, "<=": 1, ">": 1, ">=": 1, and: 1, or: 1}) && parts.every(part => part.value !== undefined);
    const fixed = name === "**" && parts[1].value !== undefined;
    const made = {name, parts, begin, end, fixed, value: constant ? fixed ? constantPower(parts[0].value, parts[1].value) : FORMULA[name][0](...parts.map(part => part.value)) : undefined};
    if (constant && !Number.isFinite(made.value)) fail("this is {number}, not a finite number", begin, end, {number: String(made.value).replace("Infinity", "inf").replace("NaN", "nan")});
    if (fixed && !constant && Math.abs(parts[1].value) > LARGEST_POWER) fail("exponents must be at most {most} in absolute value", parts[1].begin, parts[1].end, {most: LARGEST_POWER});
    return made;
  };
  const chain = (next, ...signs) => () => {
    let left = next();
    while (is(...signs)) {
      const {text: sign} = tokens[at++], right = deeper(next);
      left = node(sign, [left, right], left.begin, right.end);
    }
    return left;
  };
  const unary = () => {
    if (!is("+", "-")) return power();
    const sign = tokens[at++], inner = deeper(unary);
    return sign.text === "-" ? node("negative", [inner], sign.begin, inner.end) : {...inner, begin: sign.begin};
  };
  const power = () => {
    const base = atom();
    if (!is("**")) return base;
    at++;
    const exponent = deeper(unary);
    return node("**", [base, exponent], base.begin, exponent.end);
  };
  const product = chain(unary, "*", "/"), sum = chain(product, "+", "-");
  const condition = () => {
    const joined = (next, word) => () => {
      let left = next();
      while (is(word)) {
        at++;
        const right = deeper(next);
        left = node(word, [left, right], left.begin, right.end);
      }
      return left;
    };
    const comparison = () => {
      if (is("(")) {  // a condition in parentheses, or a number that is compared
        const here = at, deep = depth;
        at++;
        try {
          const inner = deeper(either);
          expect(")");
          if (is("and", "or", ",", ")")) return inner;
        } catch (error) {
          if (!(error instanceof FormulaError)) throw error;
        }
        [at, depth] = [here, deep];
      }
      const begin = peek().begin, sides = [sum()], signs = [];
      while (is("<", "<=", ">", ">=")) {
        signs.push(tokens[at++].text);
        sides.push(sum());
      }
      if (!signs.length) fail("the first argument of where must be a comparison: where(x > 0, a, b), with <, <=, >, >=, and, or", begin, sides[0].end);
      return signs.map((sign, i) => node(sign, sides.slice(i, i + 2), begin, sides[i + 1].end)).reduce((left, right) => node("and", [left, right], begin, right.end));
    };
    const either = joined(joined(comparison, "and"), "or");
    return either();
  };
  const call = ({text: given, begin, end}) => {
    const name = Object.hasOwn(ALIASES, given) ? ALIASES[given] : given;
    if (Object.hasOwn(AXES, given) || Object.hasOwn(CONSTANTS, given)) fail("{name} is not a function; write * for a product: {name}*(…)", begin, end, {name: given});
    if (!FORMULA_NAMES.includes(name)) unknownName(fail, true, given, FORMULA_NAMES, begin, end);
    at++;
    const parts = [];
    while (!is(")")) {
      parts.push(deeper(name === "where" && !parts.length ? condition : sum));
      if (is(",")) at++; else if (!is(")")) unexpected();
    }
    const last = tokens[at++].end, [least, most] = COUNTS[name] ?? [1, 1];
    if (parts.length < least || parts.length > most) fail(most === 1 ? "{name} takes one argument, got {count}" : most === least ? "{name} takes {least} arguments, got {count}" : "{name} takes {least} arguments or more, got {count}", begin, last, {name: given, least, count: parts.length});
    return parts.length > least ? parts.reduce((left, right) => node(name, [left, right], begin, last)) : node(name, parts, begin, last);
  };
  const atom = () => {
    const token = peek(), {kind, text: word, begin, end} = token;
    if (kind === "number") {
      at++;
      const value = Number(word.replaceAll("_", ""));
      if (!Number.isFinite(value)) fail("this number exceeds the largest floating-point number, 1.8e308", begin, end);
      return {name: "number", parts: [], value, begin, end};
    }
    if (word === "(") {
      at++;
      const inner = deeper(sum), closing = expect(")");
      return {...inner, begin, end: closing.end};
    }
    if (kind !== "name" || word === "and" || word === "or") unexpected();
    at++;
    if (is("(")) return call(token);
    if (is("[")) return subscript(token);
    if (is(".")) fail(HINTS["."][0], begin, tokens[at + 1].end);
    if (Object.hasOwn(AXES, word)) return {name: "axis", axis: AXES[word], parts: [], begin, end};
    if (Object.hasOwn(CONSTANTS, word)) return {name: "number", parts: [], value: CONSTANTS[word], begin, end};
    if (/^x[12]$/.test(word)) return {name: "axis", axis: word[1] - 1, parts: [], begin, end};
    if (word === "z" || /^x[1-9]\d{0,3}$/.test(word)) fail("this page draws functions of two coordinates, x and y", begin, end);
    if (FORMULA_NAMES.includes(Object.hasOwn(ALIASES, word) ? ALIASES[word] : word)) fail("{name} is a function and needs an argument: {name}(x)", begin, end, {name: word});
    unknownName(fail, false, word, [...Object.keys(AXES), ...Object.keys(CONSTANTS), ...FORMULA_NAMES], begin, end);
  };
  const subscript = ({text: word, begin}) => {
    const [, index, closing] = tokens.slice(at, at + 3);
    if (word !== "x" || closing?.text !== "]" || !/^[01]$/.test(index.text)) fail("write x[0] and x[1], or x and y", begin, (closing ?? index).end);
    at += 3;
    return {name: "axis", axis: Number(index.text), parts: [], begin, end: closing.end};
  };
  const tree = sum();
  if (peek().kind !== "end") unexpected();
  const styles = [/\bx\s*\[/, /\bx[12]\b/, /\b[xy]\b(?!\s*\[)/].filter(style => style.test(text));
  if (styles.length > 1) fail("coordinates are x, y or x1, x2 or x[0], x[1], not both", 0, text.length);
  if (tree.value !== undefined) fail("a formula needs a coordinate: x or y", 0, text.length);
  if (!JSON.stringify(tree).includes('"axis":1')) fail("the formula needs both coordinates; add 0*y", 0, text.length);
  return tree;
}

function tokensOf(text, fail) {
  const pattern = /\s+|((?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([\p{L}_][\p{L}\p{N}_]*)|(\*\*|\/\/|<=|>=|==|!=|[-+*/%^<>(),[\].])|([^])/uy, tokens = [];
  for (let match; pattern.lastIndex < text.length && (match = pattern.exec(text));) {
    const [all, number, name, sign, other] = match, begin = match.index, end = begin + all.length;
    if (other !== undefined) fail(Object.hasOwn(LETTERS_HINTS, other) ? "'{letter}' is not supported; write {other}" : "'{letter}' is not supported", begin, end, {letter: other, other: LETTERS_HINTS[other]});
    if (number ?? name ?? sign) tokens.push({kind: number ? "number" : name ? "name" : "sign", text: all, begin, end});
  }
  return [...tokens, {kind: "end", text: "", begin: text.length, end: text.length}];
}

function unknownName(fail, called, given, known, begin, end) {
  const near = [...known].sort().map(name => [distance(given.toLowerCase(), name), name]).filter(([apart, name]) => apart <= Math.max(1, Math.floor(name.length / 3))).sort((a, b) => a[0] - b[0]).slice(0, 3).map(([, name]) => name);
  const values = {name: given.slice(0, 40), names: near.length ? near : [...known].sort().join(", ")};
  if (near.length) fail(called ? "unknown function '{name}'. Did you mean {names}?" : "unknown name '{name}'. Did you mean {names}?", begin, end, values);
  fail(called ? "unknown function '{name}'. Known: {names}" : "unknown name '{name}'. Known: {names}", begin, end, values);
}

// The number of letters to change, insert or remove (Levenshtein, 1966).
function distance(one, other) {
  let row = Array.from({length: other.length + 1}, (_, i) => i);
  for (const [i, letter] of [...one.slice(0, 40)].entries()) {
    const next = [i + 1];
    for (let k = 0; k < other.length; k++) next.push(Math.min(next[k] + 1, row[k + 1] + 1, row[k] + (letter !== other[k])));
    row = next;
  }
  return row.at(-1);
}

// A formula as a function of x and y that returns [value, ∂x, ∂y].
function compileFormula(tree) {
  const steps = [], places = [];  // constants and coordinates need no step
  const place = node => {
    if (node.value !== undefined || node.name === "axis") return places.push(node.value ?? NaN) - 1;
    const parts = node.parts.map(place), [value, ...slopes] = FORMULA[node.name];
    const power = node.fixed && node.parts[1].value;
    const own = node.fixed ? {value: a => constantPower(a, power), slopes: [(g, v, a) => g * powerSlope(a, power)]} : {value, slopes};
    const to = places.push(NaN) - 1;
    steps.push({...own, slopes: own.slopes.map((slope, i) => node.parts[i].value === undefined ? slope : null), to, a: parts[0], b: parts[1] ?? 0, c: parts[2] ?? 0, parts});
    return to;
  };
  const axes = [[], []], mark = node => node.value !== undefined ? count++ : node.name === "axis" ? axes[node.axis].push(count++) : (node.parts.forEach(mark), count++);
  let count = 0;
  mark(tree);
  const last = place(tree), v = Float64Array.from(places), g = new Float64Array(places.length);
  return (x, y) => {
    for (const i of axes[0]) v[i] = x;
    for (const i of axes[1]) v[i] = y;
    for (const {value, to, a, b, c} of steps) v[to] = value(v[a], v[b], v[c]);
    g.fill(0);
    g[last] = 1;
    for (let k = steps.length - 1; k >= 0; k--) {
      const {slopes, to, a, b, c, parts} = steps[k];
      if (g[to] !== 0) for (let i = 0; i < slopes.length; i++) if (slopes[i]) g[parts[i]] += slopes[i](g[to], v[to], v[a], v[b], v[c]);
    }
    let dx = 0, dy = 0;
    for (const i of axes[0]) dx += g[i];
    for (const i of axes[1]) dy += g[i];
    return [v[last], dx, dy];
  };
}

function tried(make) {
  try {
    return make();
  } catch (error) {
    if (error instanceof FormulaError) return null;
    throw error;
  }
}
