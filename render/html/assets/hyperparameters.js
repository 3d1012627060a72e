// Hyper-parameters: a slider and an editable number for each, on the scale that its range asks for.
const DECADES = 3, FINE = 0.02;

// From values to places on a slider and back; null for integers and for values that no scale fits.
function sliderScale(value, limits) {
  if (limits.integer) return null;
  if (value === 0 && !(limits.low < 0)) return zeroScale(limits);
  if (limits.high === 1 && value >= 0 && value < 1) {  // close to 1, decays differ by their distance from it
    const at = v => -Math.log10(Math.max(1 - v, 1e-6)), low = at(value) % FINE;
    return {low, high: low + FINE * Math.floor((5.001 - low) / FINE), to: at, from: p => Number((1 - Number((10 ** -p).toPrecision(3))).toPrecision(12))};
  }
  if (!(value > 0)) return null;
  const at = Math.log10(value), top = limits.high === undefined ? Infinity : Math.log10(limits.high);
  const high = at + FINE * Math.floor(Math.min(DECADES, top - at) / FINE + 1e-9);
  return {low: at - DECADES, high, to: v => Math.log10(Math.max(v, 1e-300)), from: p => Number((10 ** p).toPrecision(3))};
}

// For a value at zero: zero at the lower end, then decades up to 1, or up to what is allowed.
function zeroScale({high = 1}) {
  const low = -DECADES - 1 - FINE, top = Math.log10(Math.min(high, 1)), most = low + FINE * Math.floor((top - low) / FINE + 1e-9) - (high <= 1 ? FINE : 0);
  return {low, high: most, to: v => v > 0 ? Math.max(Math.log10(v), low + FINE) : low, from: p => p < low + FINE / 2 ? 0 : Number((10 ** p).toPrecision(3))};
}

// Why a number is not allowed; "" if it is.
function complaint(name, number, limits) {
  const {low = -Infinity, high = Infinity, open_low, open_high, integer} = limits;
  const fits = Number.isFinite(number) && number >= low && number <= high && !(open_low && number === low) && !(open_high && number === high);
  if (fits && (!integer || Number.isInteger(number))) return "";
  const bounds = [low > -Infinity && `${open_low ? ">" : "≥"} ${localNumber(low)}`, high < Infinity && `${open_high ? "<" : "≤"} ${localNumber(high)}`].filter(Boolean);
  return say("{name}: {bounds}", {name, bounds: [integer ? say("an integer") : say("a number"), ...bounds].join(" ")});
}

// A number that is read when it is left or Enter is pressed; what cannot be read is put back.
function numberInput(label, read, write, check, note) {
  const input = make("input", {type: "text", inputmode: "decimal", class: "number", "aria-label": label, autocomplete: "off", spellcheck: "false"});
  input.addEventListener("change", () => {
    const text = input.value.trim().replace("−", "-").replace(decimal, "."), number = text === "" ? NaN : Number(text), wrong = check(number);
    if (wrong) note(wrong); else write(number);
    input.value = localNumber(read());
  });
  return input;
}

function makeHyperparameters(run, controls) {
  const {names, limits, lr} = optimizerOf(run), updates = [];
  const row = i => {
    const name = names[i], label = `${run.label}: ${name}`, parts = [], read = () => valuesOf(run)[i];
    const usual = () => functions[setting.function].values[run.optimizer][i];
    const write = number => controls.changed(() => valuesOf(run)[i] = number);
    const slider = make("input", {type: "range", step: FINE, "aria-label": label}), blank = make("span");
    let scale = null, from = NaN;
    slider.addEventListener("input", () => {
      const place = Number(slider.value);
      write(Math.abs(place - scale.to(usual())) < FINE / 2 ? usual() : scale.from(place));
    });
    updates.push(() => {
      if (from !== usual()) {  // another function has other usual values
        from = usual();
        scale = sliderScale(from, limits[i]);
        [slider.hidden, blank.hidden] = [!scale, Boolean(scale)];
        if (scale) [slider.min, slider.max] = [scale.low, scale.high];
      }
      if (!scale) return;
      slider.value = scale.to(read());
      slider.setAttribute("aria-valuetext", localNumber(read()));
    });
    const input = numberInput(label, read, write, number => complaint(label, number, limits[i]), controls.note);
    updates.push(() => document.activeElement === input || (input.value = localNumber(read())));
    return make("div", {class: "row"}, make("span", {class: "what", "aria-hidden": "true"}, name), slider, blank, input);
  };
  const first = Math.max(names.indexOf(lr), 0), others = names.map((_, i) => i).filter(i => i !== first);
  const more = make("button", {type: "button", class: "more", "aria-expanded": "false", "aria-label": say("hyper-parameters of {label}", {label: run.label})}, "⋯");
  const fold = make("div", {class: "fold", hidden: ""}, ...others.map(row), make("div", {class: "acts"}, ...makeActs(run, controls)));
  more.addEventListener("click", () => {
    fold.hidden = !fold.hidden;
    more.setAttribute("aria-expanded", String(!fold.hidden));
  });
  const top = names.length ? row(first) : make("div", {class: "row"}, make("span"), make("span"), make("span"));
  top.append(more);
  run.settings.append(top, fold);
  return () => updates.forEach(update => update());
}
