// Hyper-parameters: a slider and an editable number for each, on the scale that its range asks for.
const DECADES = 3, FINE = 0.02;

// From values to places on a slider and back; null for integers and for values that no scale fits.
function sliderScale(value, limits) {
  if (limits.integer) return null;
  if (limits.high === 1 && value >= 0 && value < 1) {  // close to 1, decays differ by their distance from it
    const at = v => -Math.log10(Math.max(1 - v, 1e-6)), low = at(value) % FINE;
    return {low, high: low + FINE * Math.floor((5.001 - low) / FINE), to: at, from: p => Number((1 - Number((10 ** -p).toPrecision(3))).toPrecision(12))};
  }
  if (!(value > 0)) return null;
  const at = Math.log10(value), top = limits.high === undefined ? Infinity : Math.log10(limits.high);
  const high = at + FINE * Math.floor(Math.min(DECADES, top - at) / FINE + 1e-9);
  return {low: at - DECADES, high, to: v => Math.log10(Math.max(v, 1e-300)), from: p => Number((10 ** p).toPrecision(3))};
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
  const {names, values, limits, lr} = live.runs[run.index], own = setting => setting.runs[run.index].values, updates = [];
  const row = i => {
    const name = names[i], label = `${run.label}: ${name}`, scale = sliderScale(values[i], limits[i]), parts = [];
    const write = number => controls.changed(() => own(setting)[i] = number);
    if (scale) {
      const slider = make("input", {type: "range", min: scale.low, max: scale.high, step: FINE, "aria-label": label});
      slider.addEventListener("input", () => {
        const place = Number(slider.value);
        write(Math.abs(place - scale.to(values[i])) < FINE / 2 ? values[i] : scale.from(place));
      });
      updates.push(() => {
        slider.value = scale.to(own(setting)[i]);
        slider.setAttribute("aria-valuetext", localNumber(own(setting)[i]));
      });
      parts.push(slider);
    } else parts.push(make("span"));
    const input = numberInput(label, () => own(setting)[i], write, number => complaint(label, number, limits[i]), controls.note);
    updates.push(() => document.activeElement === input || (input.value = localNumber(own(setting)[i])));
    return make("div", {class: "row"}, make("span", {class: "what", "aria-hidden": "true"}, name), ...parts, input);
  };
  const first = Math.max(names.indexOf(lr), 0), others = names.map((_, i) => i).filter(i => i !== first);
  if (names.length) run.settings.append(row(first));
  if (others.length) {
    const more = make("button", {type: "button", class: "more", "aria-expanded": "false", "aria-label": say("hyper-parameters of {label}", {label: run.label})}, "⋯");
    const fold = make("div", {class: "fold", hidden: ""}, ...others.map(row));
    more.addEventListener("click", () => {
      fold.hidden = !fold.hidden;
      more.setAttribute("aria-expanded", String(!fold.hidden));
    });
    run.settings.firstChild.append(more);
    run.settings.append(fold);
  }
  return () => updates.forEach(update => update());
}
