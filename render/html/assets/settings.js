// What holds for all runs: the start, the number of steps, wrappers, the way back, and the race as Python or as a picture.
const SEEDS = {low: 0, high: Number.MAX_SAFE_INTEGER, integer: true};

function makeSettings(runs, show) {
  const note = make("p", {id: "note", role: "status"}), bar = make("progress", {max: 1, value: 0, hidden: "", "aria-label": say("computing")});
  const button = (id, text) => make("button", {type: "button", class: "text", id}, text);
  const reset = button("reset", say("reset to the published race")), copy = button("copy", say("copy as Python")), save = button("png", say("save as PNG"));
  const controls = {
    note: text => note.textContent = text,
    updates: [],
    changed(change, moved = true) {
      note.textContent = "";
      change();
      const heights = changeFunction();
      if (heights) show(heights);
      fillRows(runs, controls);
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
      const heights = changeFunction();
      if (heights) show(heights);
      fillRows(runs, controls);
      if (read.ignored.length) note.textContent = say("ignored in the address: {parts}", {parts: read.ignored.join(", ").slice(0, 120)});
    },
    update(over) {
      for (const update of [...controls.updates, ...runs.map(run => run.update)]) update?.();
      reset.disabled = isPublished();
      bar.hidden = over;
      bar.value = progress();
      if (over) element("race").setAttribute("aria-label", isPublished() ? payload.caption : summary(runs));
      for (const run of present(runs)) run.toggle.setAttribute("aria-pressed", String(setting.runs[run.index].shown));
    },
    number(label, read, write, limits) {
      const input = numberInput(label, read, value => controls.changed(() => write(value)), value => complaint(label, value, limits), controls.note);
      controls.updates.push(() => document.activeElement === input || (input.value = localNumber(read())));
      return input;
    },
  };
  const coordinate = i => controls.number(`${say("start")} ${"xy"[i]}`, () => setting.start[i], value => setting.start[i] = value, {});
  const steps = controls.number(say("steps"), () => setting.steps, value => setting.steps = value, {low: 1, high: MOST_STEPS, integer: true});
  steps.id = "steps";
  const box = make(
    "div", {id: "settings"}, ...makeAdder(runs, controls),
    make("label", {}, say("start"), " ", coordinate(0), coordinate(1)), make("label", {}, say("steps"), " ", steps),
    ...makeWrappers(controls), reset, copy, save, bar, note,
  );
  document.querySelector("main").append(box, makeDialog(copy, () => asPython(runs)));
  document.querySelector("main").classList.add("live");
  if (!payload.live.study) makeChooser(controls);
  reset.addEventListener("click", () => controls.changed(() => setting = published(setting.function)));
  save.addEventListener("click", () => savePicture(runs, controls.note));
  window.addEventListener("hashchange", () => controls.changed(controls.readAddress));
  return controls;
}

// The dialog with the race as Python, which a button opens.
function makeDialog(button, textOf) {
  const code = make("textarea", {id: "code", readonly: "", spellcheck: "false", "aria-label": say("the race as Python")});
  const close = make("button", {class: "text"}, say("close")), copied = make("span", {role: "status"});
  const dialog = make("dialog", {}, code, make("form", {method: "dialog"}, copied, close));
  button.addEventListener("click", async () => {
    code.value = textOf();
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
  return dialog;
}

// The standings in words, for screen readers.
function summary(runs) {
  const shown = runs.filter(run => run.shown).sort((one, other) => parseInt(one.place.textContent) - parseInt(other.place.textContent));
  const rows = shown.map(run => [`${run.place.textContent} ${run.label}`, run.outcome, say("loss {loss}", {loss: fourDigits(run.loss_values.at(-1))})]);
  return `${payload.title}: ${rows.map(row => row.filter(Boolean).join(", ")).join("; ")}`;
}
