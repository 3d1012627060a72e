// One step of a run in parts: the formulas of its update (landscapes/javascript/update_formulas.py), computed and filled
// with the numbers of the step. No document.
const NAME = /lr|max|min|sign|\p{L}\u0302?[₀-₉]*/uy, NUMBER = /\d+(?:\.\d+)?/y, SPACE = /\s*/y;
const CLOSE = 1e-9;  // relative difference to the step of the run from which on a formula is not that of the step

// Applies an operation to numbers and vectors; a number counts for each coordinate.
function each(operation, ...parts) {
  const vector = parts.find(Array.isArray);
  return vector ? vector.map((_, i) => operation(...parts.map(part => Array.isArray(part) ? part[i] : part))) : operation(...parts);
}

// A formula as a function of its symbols. Products and quotients associate to the left; √ binds what follows it.
function compiled(text) {
  let at = 0;
  const skip = () => { SPACE.lastIndex = at; at += SPACE.exec(text)[0].length; };
  const take = sign => { skip(); return text.startsWith(sign, at) && (at += sign.length, true); };
  const match = pattern => { skip(); pattern.lastIndex = at; const found = pattern.exec(text)?.[0]; at += found?.length ?? 0; return found; };
  const need = sign => { if (!take(sign)) throw new Error(`${sign} expected at ${at} in ${text}`); };
  const inner = (...signs) => { need("("); const parts = [sum()]; while (signs.length && take(",")) parts.push(sum()); need(")"); return parts; };
  const sum = () => {
    let left = product();
    for (;;) {
      const one = left;
      if (take("+")) { const other = product(); left = known => each((a, b) => a + b, one(known), other(known)); }
      else if (take("−")) { const other = product(); left = known => each((a, b) => a - b, one(known), other(known)); }
      else return left;
    }
  };
  const product = () => {
    let left = unary();
    for (;;) {
      const one = left;
      if (take("·")) { const other = unary(); left = known => each((a, b) => a * b, one(known), other(known)); }
      else if (take("/")) { const other = unary(); left = known => each((a, b) => a / b, one(known), other(known)); }
      else return left;
    }
  };
  const unary = () => {
    if (!take("−")) return power();
    const part = unary();
    return known => each(a => -a, part(known));
  };
  const power = () => {
    const base = atom();
    if (take("²")) return known => each(a => a * a, base(known));
    if (!take("^")) return base;
    const exponent = atom();
    return known => each((a, b) => a ** b, base(known), exponent(known));
  };
  const atom = () => {
    if (take("√")) { const part = atom(); return known => each(Math.sqrt, part(known)); }
    if (take("‖")) { const part = sum(); need("‖"); return known => Math.hypot(...[part(known)].flat()); }
    if (take("|")) { const part = sum(); need("|"); return known => each(Math.abs, part(known)); }
    skip();
    if (text[at] === "(") return inner()[0];
    const number = match(NUMBER);
    if (number) return () => Number(number);
    const name = match(NAME);
    if (!name) throw new Error(`a symbol expected at ${at} in ${text}`);
    if (name === "max" || name === "min") { const [one, other] = inner(","); return known => each(Math[name], one(known), other(known)); }
    if (name === "Σ") { const [part] = inner(); return known => [part(known)].flat().reduce((sum, one) => sum + one); }
    if (name === "sign") { const [part] = inner(); return known => each(Math.sign, part(known)); }
    return known => {
      if (!(name in known)) throw new Error(`${name} is unknown in ${text}`);
      return known[name];
    };
  };
  const formula = sum();
  skip();
  if (at < text.length) throw new Error(`nothing expected at ${at} in ${text}`);
  return formula;
}

// A formula with numbers in place of symbols.
function filled(text, known, format) {
  const pattern = new RegExp(NAME.source, "gu");
  return text.replace(pattern, name => name in known ? format(known[name]) : name);
}

// Step t + 1 of a run that is not taken yet: the point, the gradient, the step, and the lines of its formulas. Without
// formulas, or where these do not give the step of the run (a wrapper changes it), there are no lines.
function stepParts(run, {lesson, names}, f, values, t, format = String) {
  if (run.advance(t)) return null;
  const state = run.state().slice(2);
  run.advance(t + 1);
  const [x, next] = [t, t + 1].map(i => [run.x[2 * i], run.x[2 * i + 1]]), step = next.map((to, i) => to - x[i]), g = f(...x).slice(1);
  const parts = {t: t + 1, x, g, step, lines: []};
  if (!lesson || !step.every(Number.isFinite)) return parts;
  const known = {...lesson.fixed, x, g, t: t + 1};
  for (const [symbol, name] of Object.entries(lesson.symbols)) known[symbol] = values[names.indexOf(name)];
  lesson.state.forEach((symbol, i) => known[symbol] = symbol === "π" ? state[2 * i] : [state[2 * i], state[2 * i + 1]]);
  for (const [part, symbol, formula, sign] of lesson.lines) {
    const line = {part, symbol, sign, formula, filled: filled(formula, known, format)};
    known[symbol] = line.value = compiled(formula)(known);
    parts.lines.push(line);
  }
  const size = Math.max(...x.map(Math.abs), ...step.map(Math.abs)), formula = known["Δx"];
  if (!formula.every((part, i) => Math.abs(part - step[i]) <= CLOSE * size)) parts.lines = [];
  return parts;
}
