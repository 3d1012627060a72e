// Wrappers of all optimizers: gradient noise, clipping and a schedule, with the settings that the package has.
const SETTINGS = Object.fromEntries(payload.live.wrappers.map(one => [one.name, one])), SCHEDULED = Object.keys(SETTINGS).filter(name => name !== "noise" && name !== "clip");
const OF_KIND = {student: "df", stable: "alpha", minibatch: "additive", spikes: "probability"};

// The names of the numbers that a reader can set.
function namesOf({name, kind}) {
  return name === "noise" ? ["sigma", OF_KIND[kind]].filter(Boolean) : name === "clip" ? ["norm"] : SETTINGS[name].names;
}

function settingsOf(wrapper) {
  return namesOf(wrapper).map(name => wrapper[name]);
}

function fresh(name) {
  const {names, values, flags} = SETTINGS[name];
  return {name, ...flags, ...Object.fromEntries(names.map((one, i) => [one, values[i]]))};
}

// The wrapper of a part of the address; null if it is none.
function wrapperOf(key, words) {
  const name = key === "schedule" ? words.shift() : key, named = key === "noise" ? words.findIndex(word => SETTINGS.noise.kinds.includes(word)) : -1;
  const [kind] = named < 0 ? ["normal"] : words.splice(named, 1);
  if (!Object.hasOwn(SETTINGS, name) || (key === "schedule") !== SCHEDULED.includes(name)) return null;
  const made = {...fresh(name), ...(key === "noise" ? {kind} : {})}, names = namesOf(made);
  if (words.length > names.length || (key !== "schedule" && !words.length)) return null;
  for (const [i, word] of words.entries()) {
    if (word.trim() === "" || complaint("", Number(word), limitsOf(name, names[i]))) return null;
    made[names[i]] = Number(word);
  }
  return made;
}

function limitsOf(name, setting) {
  return SETTINGS[name].limits[SETTINGS[name].names.indexOf(setting)];
}

// A wrapper around an optimizer as text, with the settings that differ from the defaults.
function wrapText(inner, wrapper) {
  const usual = fresh(wrapper.name), own = namesOf(wrapper).filter(name => wrapper.name === "clip" || wrapper[name] !== usual[name]).map(name => `, ${name}=${wrapper[name]}`);
  return `${wrapper.name}(${inner}${own.join("")}${wrapper.kind && wrapper.kind !== "normal" ? `, kind="${wrapper.kind}"` : ""})`;
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
          const input = numberInput(`${label}: ${name}`, read, value => controls.changed(() => setting[key] = {...setting[key], [name]: value}), value => complaint(name, value, limits), controls.note);
          own.push(() => document.activeElement === input || (input.value = localNumber(read())));
          return make("label", {}, name, " ", input);
        });
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
    group("schedule", say("schedule"), SCHEDULED, name => fresh(name)),
  ];
}
