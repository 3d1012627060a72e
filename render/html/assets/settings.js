// What holds for all runs: the start, the number of steps, the way back, the address, and the race as Python.

function makeSettings(runs) {
  const note = make("p", {id: "note", role: "status"}), bar = make("progress", {max: 1, value: 0, hidden: "", "aria-label": say("computing")});
  const reset = make("button", {type: "button", class: "text"}, say("reset to the published race"));
  const copy = make("button", {type: "button", class: "text"}, say("copy as Python"));
  const code = make("textarea", {id: "code", readonly: "", spellcheck: "false", "aria-label": say("the race as Python")});
  const close = make("button", {class: "text"}, say("close")), copied = make("span", {role: "status"});
  const dialog = make("dialog", {}, code, make("form", {method: "dialog"}, copied, close));
  const controls = {
    note: text => note.textContent = text,
    changed(change, moved = true) {
      note.textContent = "";
      change();
      if (moved) {
        setPlaying(false);
        clock.time = Number(element("scrub").max);
      }
      writeAddress();
      rerace();
    },
    readAddress() {
      const read = parseAddress(location.hash);
      setting = read.setting;
      if (read.ignored.length) note.textContent = say("ignored in the address: {parts}", {parts: read.ignored.join(", ").slice(0, 120)});
    },
    update(over) {
      updates.forEach(update => update());
      reset.disabled = isPublished();
      bar.hidden = over;
      bar.value = progress();
      if (over) element("race").setAttribute("aria-label", isPublished() ? payload.caption : summary(runs));
      for (const run of runs) run.toggle.setAttribute("aria-pressed", String(setting.runs[run.index].shown));
    },
  };
  const updates = runs.map(run => makeHyperparameters(run, controls));
  const number = (label, read, write, check) => {
    const input = numberInput(label, read, value => controls.changed(() => write(value)), check, controls.note);
    updates.push(() => document.activeElement === input || (input.value = localNumber(read())));
    return input;
  };
  const coordinate = i => number(`${say("start")} ${"xy"[i]}`, () => setting.start[i], value => setting.start[i] = value, value => complaint(`${say("start")} ${"xy"[i]}`, value, {}));
  const steps = number(say("steps"), () => setting.steps, value => setting.steps = value, value => complaint(say("steps"), value, {low: 1, high: MOST_STEPS, integer: true}));
  const box = make(
    "div", {id: "settings"},
    make("label", {}, say("start"), " ", coordinate(0), coordinate(1)), make("label", {}, say("steps"), " ", steps),
    reset, copy, bar, note,
  );
  document.querySelector("main").append(box, dialog);
  document.querySelector("main").classList.add("live");
  for (const run of runs)
    run.toggle.addEventListener("click", () => controls.changed(() => setting.runs[run.index].shown = !setting.runs[run.index].shown, false));
  reset.addEventListener("click", () => controls.changed(() => setting = published()));
  copy.addEventListener("click", async () => {
    code.value = asPython(runs);
    code.rows = code.value.split("\n").length - 1;
    dialog.showModal();
    code.select();
    try {
      await navigator.clipboard.writeText(code.value);
      copied.textContent = say("copied");
    } catch {  // not allowed in this frame: the text is selected
      copied.textContent = say("copy the selected text");
    }
  });
  window.addEventListener("hashchange", () => controls.changed(controls.readAddress));
  return controls;
}

// The standings in words, for screen readers.
function summary(runs) {
  const shown = runs.filter(run => run.shown).sort((one, other) => parseInt(one.place.textContent) - parseInt(other.place.textContent));
  const rows = shown.map(run => [`${run.place.textContent} ${run.label}`, run.outcome, say("loss {loss}", {loss: fourDigits(run.loss_values.at(-1))})]);
  return `${payload.title}: ${rows.map(row => row.filter(Boolean).join(", ")).join("; ")}`;
}

// The state as a fragment of the address: what differs from the published race.
function addressOf({start, steps, runs}) {
  const parts = [];
  if (start.join() !== live.start.join()) parts.push(`start=${start.join()}`);
  if (steps !== live.steps) parts.push(`steps=${steps}`);
  const off = runs.flatMap((run, i) => run.shown ? [] : [i + 1]);
  if (off.length) parts.push(`off=${off.join()}`);
  runs.forEach(({values}, i) => values.forEach((value, k) => {
    if (value !== live.runs[i].values[k]) parts.push(`${i + 1}.${encodeURIComponent(live.runs[i].names[k])}=${value}`);
  }));
  return parts.join("&");
}

// The setting of a fragment, and the parts of it that say nothing.
function parseAddress(hash) {
  const setting = published(), ignored = [];
  for (const part of hash.replace(/^#/, "").split("&").filter(Boolean)) {
    const [key, text = ""] = part.split("="), numbers = text.split(",").map(one => one.trim() === "" ? NaN : Number(one));
    const found = /^(\d+)\.(.+)$/.exec(key), run = found && live.runs[found[1] - 1];
    const place = run ? run.names.findIndex(name => encodeURIComponent(name) === found[2] || name === found[2]) : -1;
    if (key === "start" && numbers.length === 2 && numbers.every(Number.isFinite)) setting.start = numbers;
    else if (key === "steps" && !complaint("", numbers[0], {low: 1, high: MOST_STEPS, integer: true})) setting.steps = numbers[0];
    else if (key === "off" && numbers.every(i => setting.runs[i - 1])) for (const i of numbers) setting.runs[i - 1].shown = false;
    else if (place >= 0 && !complaint("", numbers[0], run.limits[place])) setting.runs[found[1] - 1].values[place] = numbers[0];
    else ignored.push(part.slice(0, 40));
  }
  return {setting, ignored};
}

let addressTimer = 0;
function writeAddress() {
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => {
    try {
      history.replaceState(null, "", `#${addressOf(setting)}`);
    } catch {  // a page within a frame without an address of its own has none to write
    }
  }, 300);
}

// The lines that repeat the race.
function asPython(runs) {
  const shown = runs.filter(run => setting.runs[run.index].shown), stop = Object.entries(live.stop);
  const specs = (shown.length ? shown : runs).map(run => {
    const {text, names, values} = live.runs[run.index], own = setting.runs[run.index].values;
    const spec = names.reduce((spec, name, i) => own[i] === values[i] ? spec : withArgument(spec, name, own[i]), text);
    return `        ${JSON.stringify(run.label)}: ${JSON.stringify(spec)},`;
  });
  return [
    `from landscapes import ${stop.length ? "Stop, " : ""}race`, "",
    ...(live.own ? [`# ${live.function.replace(/\s+/g, " ")}: the function of this page`] : []),
    "record = race(", `    ${live.own ? "function" : live.function},`, "    {", ...specs, "    },",
    `    start=(${setting.start.join(", ")}),`, `    steps=${setting.steps},`,
    ...(stop.length ? [`    stop=Stop(${stop.map(([name, value]) => `${name}=${value}`).join(", ")}),`] : []), ")", "",
  ].join("\n");
}

// The text of an optimizer with another value for an argument.
function withArgument(spec, name, value) {
  const given = new RegExp(`([(,]\\s*)${name}=[^,()]+`), open = spec.indexOf("(");
  if (given.test(spec)) return spec.replace(given, (_, before) => `${before}${name}=${value}`);
  const [kind, own] = open < 0 ? [spec, ""] : [spec.slice(0, open), spec.slice(open + 1, -1)];
  return `${kind}(${own && `${own}, `}${name}=${value})`;
}
