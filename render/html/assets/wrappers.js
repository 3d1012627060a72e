// Wrappers of all optimizers: gradient noise, clipping, a schedule and one of the others, with the settings of the package.
const SETTINGS = Object.fromEntries(payload.live.wrappers.map(one => [one.name, one]));
const grouped = group => Object.keys(SETTINGS).filter(name => SETTINGS[name].group === group);
const OF_KIND = {student: "df", stable: "alpha", minibatch: "additive", spikes: "probability"};

// The names of the numbers that a reader can set.
function namesOf({name, kind}) {
  return name === "noise" ? ["sigma", OF_KIND[kind]].filter(Boolean) : name === "clip" ? ["norm"] : SETTINGS[name].names;
}

function settingsOf(wrapper) {
  const {list} = SETTINGS[wrapper.name];
  return [...namesOf(wrapper).map(name => wrapper[name]), ...list ? wrapper[list] : []];
}

// Step numbers of a text, such as "30, 60"; null if it has none or others.
function stepsOf(text) {
  const found = text.split(/[\s,;]+/).filter(Boolean).map(Number);
  return found.length && found.every(step => Number.isInteger(step) && step >= 1 && step <= MOST_STEPS) ? found.sort((one, other) => one - other) : null;
}

// Why a setting of a wrapper is not allowed together with the others; "" if it is.
function conflict({name, low, high, at, every, patience}) {
  if (name === "projected" && !(low < high)) return `${say("{name}: {bounds}", {name: "low", bounds: "< high"})}`;
  return name === "reset" && !at && !every && !patience ? say("{name}: {bounds}", {name: "at, every, patience", bounds: "> 0"}) : "";
}

function fresh(name) {
  const {names, values, flags} = SETTINGS[name];
  return {name, ...flags, ...Object.fromEntries(names.map((one, i) => [one, values[i]]))};
}

// The wrapper of a part of the address; null if it is none.
function wrapperOf(key, words) {
  const name = key === "schedule" || key === "around" ? words.shift() : key, named = key === "noise" ? words.findIndex(word => SETTINGS.noise.kinds.includes(word)) : -1;
  const [kind] = named < 0 ? ["normal"] : words.splice(named, 1);
  if (!Object.hasOwn(SETTINGS, name) || SETTINGS[name].group !== key) return null;
  const made = {...fresh(name), ...(key === "noise" ? {kind} : {})}, names = namesOf(made), {list} = SETTINGS[name];
  if (list && words.length > names.length) made[list] = stepsOf(words.splice(names.length).join());
  if (words.length > names.length || (name === key && !words.length) || (list && !made[list])) return null;
  for (const [i, word] of words.entries()) {
    if (word.trim() === "" || complaint("", Number(word), limitsOf(name, names[i]))) return null;
    made[names[i]] = Number(word);
  }
  return conflict(made) ? null : made;
}

function limitsOf(name, setting) {
  return SETTINGS[name].limits[SETTINGS[name].names.indexOf(setting)];
}

// A wrapper around an optimizer as text, with the settings that differ from the defaults.
function wrapText(inner, wrapper) {
  const usual = fresh(wrapper.name), {list, named} = SETTINGS[wrapper.name], own = namesOf(wrapper).filter(name => named || wrapper[name] !== usual[name]).map(name => `, ${name}=${wrapper[name]}`);
  if (list) own.push(`, ${list}=(${wrapper[list].join(", ")}${wrapper[list].length > 1 ? "" : ","})`);
  return `${wrapper.name}(${inner}${own.join("")}${wrapper.kind && wrapper.kind !== "normal" ? `, kind="${wrapper.kind}"` : ""})`;
}

// The steps of a schedule, several numbers in one line.
function stepsInput(key, name, label, controls, updates) {
  const input = make("input", {type: "text", class: "number steps", "aria-label": label, autocomplete: "off", spellcheck: "false"}), text = () => setting[key]?.[name]?.join(", ") ?? "";
  input.addEventListener("change", () => {
    const steps = stepsOf(input.value);
    if (steps) controls.changed(() => setting[key] = {...setting[key], [name]: steps}); else controls.note(say("{name}: {bounds}", {name, bounds: `${say("an integer")} ≥ 1, …`}));
    input.value = text();
  });
  updates.push(() => document.activeElement === input || (input.value = text()));
  return make("label", {}, name, " ", input);
}

function makeWrappers(controls) {
  const group = (key, label, choices, make_) => {
    const numbers = make("span", {class: "numbers"}), select = make("select", {"aria-label": label, id: key}, ...["", ...choices].map(name => make("option", {value: name}, name ? name.replaceAll("_", " ") : say("none"))));
    let built = "";
    select.addEventListener("change", () => controls.changed(() => setting[key] = select.value ? make_(select.value) : null));
    const own = [];
    controls.updates.push(() => {
      const wrapper = setting[key], name = !wrapper ? "" : key === "noise" ? wrapper.kind : key === "clip" ? "norm" : wrapper.name;
      select.value = name;
      if (built !== name) {
        built = name;
        own.length = 0;
        const inputs = (wrapper ? namesOf(wrapper) : []).map(name => {
          const limits = limitsOf(wrapper.name, name), read = () => setting[key]?.[name] ?? 0;
          const wrong = value => complaint(name, value, limits) || conflict({...setting[key], [name]: value});
          const input = numberInput(`${label}: ${name}`, read, value => controls.changed(() => setting[key] = {...setting[key], [name]: value}), wrong, controls.note);
          own.push(() => document.activeElement === input || (input.value = localNumber(read())));
          return make("label", {}, name, " ", input);
        });
        const {list} = wrapper ? SETTINGS[wrapper.name] : {};
        if (list) inputs.unshift(stepsInput(key, list, `${label}: ${list}`, controls, own));
        numbers.replaceChildren(...inputs);
      }
      for (const update of own) update();
    });
    return make("div", {class: "wrapper"}, make("label", {}, label, " ", select), numbers);
  };
  const seed = make("label", {}, say("seed"), " ", controls.number(say("seed"), () => setting.seed, value => setting.seed = value, SEEDS));
  const noise = group("noise", say("noise"), SETTINGS.noise.kinds, kind => ({...fresh("noise"), sigma: 0.1, kind}));
  noise.append(seed);
  controls.updates.push(() => seed.hidden = !setting.noise && !setting.seed && !optimizers.some(one => one.chain.some(own => own.name === "noise")));
  return [
    noise, group("clip", say("clipping"), ["norm"], () => fresh("clip")),
    group("schedule", say("schedule"), grouped("schedule"), fresh), group("around", say("other wrappers"), grouped("around"), fresh),
  ];
}
