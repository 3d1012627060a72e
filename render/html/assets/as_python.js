// The race as lines of Python that repeat it.

function asPython(runs) {
  const shown = present(runs).filter(run => setting.runs[run.index].shown), {start, steps, seed, formula} = setting;
  const used = new Set(["race"]), imports = [], stop = Object.entries(live.stop);
  if (stop.length) used.add("Stop");
  const specs = (shown.length ? shown : present(runs)).map(run => {
    const {text, names, values} = optimizerOf(run), own = valuesOf(run);
    const spec = names.reduce((spec, name, i) => own[i] === values[i] ? spec : withArgument(spec, name, own[i]), text);
    return `        ${quoted(run.label)}: ${quoted(chainOf(setting).reduceRight(wrapText, spec))},`;
  });
  for (const line of formula ? ["from landscapes import formula"] : live.imports) {
    if (line.startsWith("from landscapes import ")) used.add(line.slice(23)); else imports.push(line);
  }
  const [x0, x1, y0, y1] = formula?.box ?? [], code = formula ? `formula(${quoted(formula.text)}, [(${x0}, ${x1}), (${y0}, ${y1})]${formula.lowest === null ? "" : `, minimum=${formula.lowest}`})` : live.code;
  return [
    `from landscapes import ${[...used].sort((a, b) => a.toLowerCase() < b.toLowerCase() ? -1 : 1).join(", ")}`, ...imports, "",
    ...(code ? [] : [`# ${live.function.replace(/\s+/g, " ")}: the function of this page`]),
    "record = race(", `    ${code ?? "function"},`, "    {", ...specs, "    },", `    start=(${start.join(", ")}),`, `    steps=${steps},`,
    ...(seed ? [`    seed=${seed},`] : []),
    ...(stop.length ? [`    stop=Stop(${stop.map(([name, value]) => `${name}=${value}`).join(", ")}),`] : []), ")", "",
  ].join("\n");
}

// A text in quotes, as Python reads it.
function quoted(text) {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

// The text of an optimizer with another value for an argument.
function withArgument(spec, name, value) {
  const inner = /^(?:\w+\()*(?=[\w.:]+\()/.exec(spec)[0], rest = spec.slice(inner.length), end = closing(rest);
  const own = rest.slice(0, end), after = rest.slice(end), given = new RegExp(`([(,]\\s*)${name}=[^,()]+`), open = own.indexOf("(");
  if (given.test(own)) return `${inner}${own.replace(given, (_, before) => `${before}${name}=${value}`)}${after}`;
  const [kind, settings] = open < 0 ? [own, ""] : [own.slice(0, open), own.slice(open + 1, -1)];
  return `${inner}${kind}(${settings && `${settings}, `}${name}=${value})${after}`;
}

// Where the first call in a text ends.
function closing(text) {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") depth++;
    else if (text[i] === ")" && --depth === 0) return i + 1;
    else if (text[i] === "," && depth === 0) return i;
  }
  return text.length;
}
