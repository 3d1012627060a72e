// Teaching mode: one update at a time, with its parts as arrows at the head and as formulas; and names that are hidden.
const ARROWS = {gradient: ["#b3243b", "#ff9aab"], momentum: ["#1d4ed8", "#9cc0ff"], scaling: ["#7a4f00", "#ffcf6b"], step: ["#101418", "#ffffff"]};
const ARROW_LENGTH = 80, LEAST_STEP = 14;  // pixels of the longest arrow, and below which a step is drawn longer
const teaching = {shown: false, index: 0, key: "", parts: null, letters: null, games: 0};

function arrowColor(part, look) {
  return ARROWS[part][rgb(look.background).reduce((sum, one) => sum + one) < 380 ? 1 : 0];
}

extensions.push((runs, controls, redraw) => {
  const button = (id, text) => make("button", {type: "button", class: "text", id, "aria-pressed": "false"}, text);
  const explain = button("explain", say("explain the steps")), game = button("game", say("who is who?"));
  const select = make("select", {"aria-label": say("optimizers")}), move = (id, text, sign) => make("button", {type: "button", id, "aria-label": say(text), title: say(text)}, sign);
  const back = move("back", "one step back", "◀"), on = move("on", "one step on", "▶"), lines = make("div", {id: "lines", "aria-live": "polite"});
  const lesson = make("section", {id: "lesson", hidden: "", "aria-label": say("explain the steps")}, make("div", {class: "row"}, select, back, make("b", {id: "update"}), on), lines);
  element("settings").insertBefore(explain, element("settings").querySelector("progress"));
  element("settings").insertBefore(game, element("settings").querySelector("progress"));
  document.querySelector("main").append(lesson);
  explain.addEventListener("click", () => {
    teaching.shown = !teaching.shown;
    if (teaching.shown && clock.time >= payload.last) seek(0);
    explain.setAttribute("aria-pressed", String(teaching.shown));
    document.querySelector("main").classList.toggle("teaching", teaching.shown);
    lesson.hidden = !teaching.shown;
    redraw();
  });
  game.addEventListener("click", () => {
    if (teaching.letters) reveal(runs, controls); else hideNames(runs, controls);
    redraw();
  });
  select.addEventListener("change", () => {
    teaching.index = Number(select.value);
    redraw();
  });
  for (const [button, by] of [[back, -1], [on, 1]])
    button.addEventListener("click", () => {
      seek(Math.floor(clock.time) + by);
      redraw();
    });
  controls.updates.push(() => {
    if (teaching.letters && present(runs).some(run => !teaching.letters.has(run))) reveal(runs, controls);
    select.replaceChildren(...runs.filter(run => run.shown).map(run => make("option", {value: run.index}, run.label)));
    select.value = taught(runs)?.index ?? "";
  });
  overlays.push((runs, look, time) => {
    if (teaching.letters) element("race").setAttribute("aria-label", summary(runs));
    if (!teaching.shown) return;
    const run = taught(runs), taken = run && work.taken[run.index];
    if (!taken) return;
    const last = taken.over ? taken.stopped ?? taken.last : taken.done, t = Math.min(Math.floor(time), Math.max(last - 1, 0));
    const key = JSON.stringify([run.index, run.label, t, setting, look.background]);
    if (key !== teaching.key) {
      teaching.key = key;
      teaching.parts = partsOf(run, t);
      writeLesson(run, look, last);
      [back.disabled, on.disabled] = [Math.floor(clock.time) <= 0, t >= last - 1];
    }
    if (teaching.parts) drawParts(teaching.parts, look);
  });
});

// The run that is explained: the chosen one, or the first that is shown.
function taught(runs) {
  const shown = runs.filter(run => run.shown);
  return shown.find(run => run.index === teaching.index) ?? shown[0];
}

// Step t + 1 of a run, taken anew from the start.
function partsOf(run, t) {
  const optimizer = optimizerOf(run), values = valuesOf(run), chain = chainOf(setting);
  const raised = optimizer.raised_lesson && optimizer.lifted.some(i => values[i] !== 0);
  const fresh = beginRun(live, emitted, optimizer, setting.start, setting.steps + 1, values, work.terms, chain, setting.seed);
  return stepParts(fresh, {...optimizer, lesson: raised ? optimizer.raised_lesson : optimizer.lesson}, emitted.f, values, t, shownNumber);
}

function shownNumber(value) {
  const shortened = text => text.replace(/([.,]\d*?)0+e/, "$1e").replace(/[.,]e/, "e");
  const digits = number => shortened(fourDigits(Math.abs(number) < 1e-300 ? 0 : Number(number.toPrecision(3))));
  if (Array.isArray(value)) return `(${value.map(digits).join(decimal === "." ? ",\u00a0" : ";\u00a0")})`;
  return value < 0 ? `(${shortened(fourDigits(value))})` : shortened(fourDigits(value));
}

function writeLesson(run, look, last) {
  const {parts} = teaching, list = element("lines");
  element("update").textContent = parts ? say("step {step} of {last}", {step: parts.t, last}) : "";
  if (!parts) return list.replaceChildren();
  const row = (part, ...texts) => {
    const dot = make("i", {class: "dot"});
    if (part) dot.style.background = arrowColor(part, look);
    return make("p", {}, dot, ...texts);
  };
  const raise = text => text.replace(/\^t/g, "ᵗ").replace(/\^(\d+)/g, (_, power) => superscript(power));
  const shown = text => localNumber(raise(text)), name = symbol => make("b", {}, symbol);
  const first = row("gradient", name("g"), ` = ∇f(x) = ${shownNumber(parts.g)}`, make("small", {class: "soft"}, ` at x = ${shownNumber(parts.x)}`));
  const rows = parts.lines.map(({part, symbol, formula, filled, value}) => row(
    part, name(symbol), ` ← ${shown(formula)}`, make("span", {}, make("span", {class: "soft"}, `= ${raise(filled)}`), ` = ${shownNumber(value)}`),
  ));
  const none = [row("step", name("Δx"), ` = ${shownNumber(parts.step)}`), row("", say("this step has no formula here: gradient and step are shown"))];
  list.replaceChildren(first, ...rows.length ? rows : none, row("", make("span", {class: "soft", id: "arrows"}, arrowNote(parts))));
}

// How the arrows are to be read.
function arrowNote(parts) {
  const {factor} = arrowScale(parts), said = [], [x0, x1, y0, y1] = payload.surface.box, [x, y] = parts.x;
  if (!(x >= x0 && x <= x1 && y >= y0 && y <= y1)) return "";  // no arrows are drawn out of view
  if (parts.lines.some(line => line.part === "momentum")) said.push(say("the arrows of gradient and momentum share one scale"));
  if (parts.lines.some(line => line.part === "scaling")) said.push(say("the cross shows the scaling of each coordinate"));
  said.push(factor === 1 ? say("the step is true to scale") : say("the step is drawn {factor} times longer", {factor: fourDigits(factor)}));
  return said.join("; ");
}

// Pixels per unit along both axes; the factor by which a short step is drawn longer.
function arrowScale({step}) {
  const box = contourBox(), seen = edges(), [x0, x1, y0, y1] = payload.surface.box;
  const across = (box.right - box.left) / (seen.right - seen.left) / (x1 - x0), up = (box.bottom - box.top) / (seen.top - seen.bottom) / (y1 - y0);
  const long = Math.hypot(step[0] * across, step[1] * up);
  return {across, up, factor: long >= LEAST_STEP || !(long > 0) ? 1 : Number((3 * LEAST_STEP / long).toPrecision(1))};
}

function drawParts(parts, look) {
  const context = element("race").getContext("2d"), box = contourBox(), at = projection(box, edges()), [x0, x1, y0, y1] = payload.surface.box;
  const x = at.x((parts.x[0] - x0) / (x1 - x0)), y = at.y((parts.x[1] - y0) / (y1 - y0)), {across, up, factor} = arrowScale(parts);
  if (!(x >= box.left && x <= box.right && y >= box.top && y <= box.bottom)) return;
  const pixels = ([a, b], by = 1) => [a * across * by, -b * up * by], size = ([a, b]) => Math.hypot(a, b);
  const moves = parts.lines.filter(line => line.part === "momentum").map(line => ({...line, move: pixels(line.value, line.sign)}));
  const all = [{part: "gradient", symbol: "g", sign: -1, move: pixels(parts.g, -1)}, ...moves], longest = Math.max(...all.map(one => size(one.move)));
  const scaling = parts.lines.find(line => line.part === "scaling");
  const labels = [], arrow = (move, label, part, thick) => {
    drawArrow(context, x, y, move, arrowColor(part, look), look, thick);
    labels.push([x + move[0], y + move[1], move, label, arrowColor(part, look)]);
  };
  context.save();
  [context.lineCap, context.lineJoin] = ["round", "round"];
  if (scaling && scaling.value.every(Number.isFinite)) drawScaling(context, x, y, scaling.value, look);
  for (const {part, symbol, sign, move} of all)
    if (longest > 0 && Number.isFinite(longest)) arrow(move.map(one => one / longest * ARROW_LENGTH), (sign < 0 ? "−" : "") + symbol, part, 3);
  if (parts.step.every(Number.isFinite)) arrow(pixels(parts.step, factor), factor === 1 ? "Δx" : `Δx ×${fourDigits(factor)}`, "step", 4);
  labelArrows(context, labels.reverse(), look);
  context.restore();
}

// A cross whose arms are as long as the scaling of each coordinate, relative to the larger one.
function drawScaling(context, x, y, [across, up], look) {
  const unit = 0.6 * ARROW_LENGTH / Math.max(across, up), arms = [[across * unit, 0], [0, up * unit]];
  for (const [width, color] of [[6, look.background], [3, arrowColor("scaling", look)]]) {
    [context.lineWidth, context.strokeStyle] = [width, color];
    context.beginPath();
    for (const [a, b] of arms) {
      context.moveTo(x - a, y - b);
      context.lineTo(x + a, y + b);
    }
    context.stroke();
  }
}

function drawArrow(context, x, y, [a, b], color, look, thick) {
  const long = Math.hypot(a, b);
  if (!(long > 1)) return;
  const [u, v] = [a / long, b / long], head = Math.min(4 * thick, 0.6 * long), tip = [x + a, y + b], neck = [tip[0] - head * u, tip[1] - head * v];
  for (const [more, ink] of [[3, look.background], [0, color]]) {
    [context.lineWidth, context.strokeStyle, context.fillStyle] = [thick + more, ink, ink];
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(...neck);
    context.stroke();
    context.beginPath();
    context.moveTo(...tip);
    context.lineTo(neck[0] - 0.45 * head * v, neck[1] + 0.45 * head * u);
    context.lineTo(neck[0] + 0.45 * head * v, neck[1] - 0.45 * head * u);
    context.closePath();
    context.lineWidth = more;
    if (more) context.stroke();
    context.fill();
  }
}

// Labels beyond the tips, beside them where another one stands.
function labelArrows(context, labels, look) {
  const placed = [], high = px(14);
  [context.font, context.textAlign, context.textBaseline] = [`bold ${px(12)}px ${FONT}`, "center", "middle"];
  [context.lineWidth, context.strokeStyle] = [4, look.background];
  for (const [x, y, [a, b], label, color] of labels) {
    const long = Math.max(Math.hypot(a, b), 1), [u, v] = [a / long, b / long], half = context.measureText(label).width / 2 + 3;
    const free = [0, 1, -1, 2, -2].map(side => [x + u * (half + 6) - v * side * (high + 4), y + v * (high / 2 + 6) + u * side * (high + 4)])
      .find(([p, q]) => placed.every(([c, d, other]) => Math.abs(p - c) > half + other || Math.abs(q - d) > high)) ?? [x, y];
    placed.push([...free, half]);
    context.strokeText(label, ...free);
    context.fillStyle = color;
    context.fillText(label, ...free);
  }
}

// The game: letters in place of names, rows in another order, and no hyper-parameters, which would give them away.
function hideNames(runs, controls) {
  const racing = present(runs), order = racing.map(run => run.added), letters = new Map();
  let state = 2654435761 * ++teaching.games >>> 0;
  for (let i = racing.length - 1; i > 0; i--) {  // Fisher and Yates, with the generator of Numerical Recipes
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    const j = Math.floor(state / 2 ** 32 * (i + 1));
    [racing[i], racing[j]] = [racing[j], racing[i]];
  }
  racing.forEach((run, i) => {
    letters.set(run, {name: run.label, added: run.added});
    [run.label, run.added] = [String.fromCharCode(65 + i % 26) + (i < 26 ? "" : Math.floor(i / 26)), order[i]];
    label(run, run.label);
  });
  teaching.letters = letters;
  applyGame(runs, controls, true);
}

function reveal(runs, controls) {
  for (const [run, {name, added}] of teaching.letters) {
    const letter = run.label;
    [run.label, run.added] = [name, added];
    label(run, `${letter} = ${name}`);
  }
  teaching.letters = null;
  applyGame(runs, controls, false);
}

function label(run, text) {
  if (!run.row) return;
  run.toggle.querySelector(".name").textContent = run.toggle.title = text;
}

function applyGame(runs, controls, hidden) {
  document.querySelector("main").classList.toggle("secret", hidden);
  element("game").setAttribute("aria-pressed", String(hidden));
  element("game").textContent = say(hidden ? "reveal the names" : "who is who?");
  if (element("copy")) element("copy").disabled = hidden;
  fillRows(runs, controls);
  controls.update(!work.frame);
}
