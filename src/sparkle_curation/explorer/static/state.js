// What a person has chosen. It lives in the address, so that a view can be sent to somebody.

const PLAIN = { show: "all", sort: "nearest", theme: "", subtheme: "", q: "", within: "texts", id: "", against: "", why: "" };

/** The token that the server printed; kept for this tab, and taken out of the address, which people share. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) sessionStorage.setItem("token", given);
  return given || sessionStorage.getItem("token") || "";
}

export function readState(description) {
  const given = new URLSearchParams(location.hash.slice(1));
  const thresholds = {};
  const faults = []; // what the address says that cannot be; told, so that nobody takes the present value for theirs
  for (const each of description.criteria) {
    const value = given.get(`t.${each.name}`);
    const isGood = value !== null && value !== "" && Number(value) >= each.low && Number(value) <= each.high;
    thresholds[each.name] = isGood ? Number(value) : each.present;
    if (value !== null && !isGood) faults.push(`The address has t.${each.name}=${value}: a threshold is a number from ${each.low} to ${each.high}, so the present ${each.present} stands.`);
  }
  const policy = (name, allowed, fallback) => {
    const value = given.get(name);
    if (value !== null && !allowed.includes(value)) faults.push(`The address has ${name}=${value}, which is none of ${allowed.join(", ")}: ${fallback} stands.`);
    return allowed.includes(value) ? value : fallback;
  };
  const { missing_scores: missing, imputed_scores: imputed } = description.policies;
  const state = {
    faults,
    thresholds,
    missing: policy("missing", ["keep", "reject"], missing === "keep" ? "keep" : "reject"),
    imputed: policy("imputed", ["auto", "keep", "reject"], imputed),
  };
  state.bounds = {};
  for (const { name, bounds } of description.signals) {
    const said = given.get(`b.${name}`);
    const isGood = said !== null && /^[^.]*(\.\d+)?\.\.[^.]*(\.\d+)?$/.test(said) && said.split("..").every((each) => Number.isFinite(Number(each)));
    if (said !== null && !isGood) faults.push(`The address has b.${name}=${said}, which are no bounds such as 0.2..0.8: the present ones stand.`);
    const [least, most] = isGood ? said.split("..").map((each) => (each === "" ? undefined : Number(each))) : [bounds.at_least, bounds.at_most];
    state.bounds[name] = bound(least, most);
  }
  state.selection = { ...description.selection };
  try { Object.assign(state.selection, JSON.parse(given.get("select") ?? "{}")); } catch {
    faults.push("The selection in the address is no JSON: the present one stands.");
  }
  for (const [name, value] of Object.entries(PLAIN)) state[name] = given.get(name) ?? value;
  return state;
}

export function writeState(state, description) {
  const said = new URLSearchParams();
  for (const each of description.criteria) {
    if (state.thresholds[each.name] !== each.present) said.set(`t.${each.name}`, state.thresholds[each.name]);
  }
  const { missing_scores: missing, imputed_scores: imputed } = description.policies;
  if (state.missing !== (missing === "keep" ? "keep" : "reject")) said.set("missing", state.missing);
  if (state.imputed !== imputed) said.set("imputed", state.imputed);
  for (const { name, bounds } of description.signals) {
    const { at_least: least = "", at_most: most = "" } = state.bounds[name];
    if (least !== (bounds.at_least ?? "") || most !== (bounds.at_most ?? "")) said.set(`b.${name}`, `${least}..${most}`);
  }
  const other = otherSelection(state, description);
  if (Object.keys(other).length) said.set("select", JSON.stringify(other));
  for (const [name, value] of Object.entries(PLAIN)) if (state[name] !== value) said.set(name, state[name]);
  history.replaceState(null, "", `#${said}`);
}

/** A bound with the sides that it has. */
export function bound(least, most) {
  return {
    ...(Number.isFinite(least) ? { at_least: least } : {}),
    ...(Number.isFinite(most) ? { at_most: most } : {}),
  };
}

/** The members of the selection that differ from those of the parameters. */
function otherSelection(state, description) {
  const before = description.selection ?? {};
  return Object.fromEntries(Object.entries(state.selection).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])));
}

/** The bounds that are set; null for none at all. */
function setBounds(state) {
  const set = Object.entries(state.bounds).filter(([, sides]) => Object.keys(sides).length);
  return set.length ? Object.fromEntries(set) : null;
}

/** The bounds that differ from the present ones, each side as a dotted parameter; null takes one away. */
function dottedBounds(state, description) {
  return description.signals.flatMap(({ name, bounds }) => ["at_least", "at_most"]
    .filter((side) => state.bounds[name][side] !== bounds[side])
    .map((side) => [`signal_bounds.${name}.${side}`, state.bounds[name][side] ?? null]));
}

const quote = (text) => (/^[\w@%+=:./,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** The `kedro run` that makes the variant of a choice. */
export function command(state, description) {
  const options = [...description.run_options];
  const env = options[0] === "--env" ? options.splice(0, 2) : [];
  const primary = description.criteria.filter((each) => each.is_primary);
  const values = new Set(primary.map((each) => state.thresholds[each.name]));
  const isOne = values.size === 1 && primary.length > 1;
  const named = isOne ? description.criteria.filter((each) => !each.is_primary) : description.criteria;
  const params = [
    ...(isOne ? [`threshold=${[...values][0]}`] : []),
    ...named.map((each) => `thresholds.${each.name}=${state.thresholds[each.name]}`),
    `missing_scores=${state.missing}`,
    `imputed_scores=${state.imputed}`,
    ...dottedBounds(state, description).map(([name, value]) => `${name}=${value}`),
    // Commas part one parameter from the next, so a list is words; quotas go one by one.
    ...Object.entries(otherSelection(state, description)).flatMap(([name, value]) => (
      name === "quota" && value ? Object.entries(value).map(([group, count]) => `selection.quota.${group}=${count}`)
        : [`selection.${name}=${Array.isArray(value) ? value.join(" ") : value}`])),
    ...options.filter((each) => !(isOne && each === "threshold=")),
  ];
  return ["kedro run", ...env.map(quote), "--pipelines curate --params", quote(params.join(","))].join(" ");
}

/** What is to be saved of a choice, as the file of parameters has it; null for the published threshold. */
export function parameters(state, description) {
  const own = description.criteria.map((each) => [each.name, state.thresholds[each.name] === each.published ? null : state.thresholds[each.name]]);
  return {
    threshold: null, // it would stand over the named ones
    thresholds: Object.fromEntries(own),
    missing_scores: state.missing,
    imputed_scores: state.imputed,
    ...(description.signals.length ? { signal_bounds: setBounds(state) } : {}),
    ...(description.selection ? { selection: state.selection } : {}),
  };
}

/** A value as DVC's overrides have it. */
function hydra(value) {
  if (Array.isArray(value)) return `[${value.map(hydra).join(",")}]`;
  if (value !== null && typeof value === "object") return `{${Object.entries(value).map(([key, each]) => `${key.replace(/[\\()[\]{}:=, \t]/g, "\\$&")}:${hydra(each)}`).join(",")}}`;
  return String(value);
}

/** The `dvc exp run` that makes the variant of a choice. */
export function experiment(state, description) {
  const sets = [
    "threshold=null",
    ...description.criteria.map((each) => `++thresholds.${each.name}=${state.thresholds[each.name]}`),
    `missing_scores=${state.missing}`,
    `imputed_scores=${state.imputed}`,
    ...(dottedBounds(state, description).length ? [`signal_bounds=${hydra(setBounds(state))}`] : []),
    ...Object.entries(otherSelection(state, description)).map(([name, value]) => `selection.${name}=${hydra(value)}`),
  ];
  return ["dvc exp run", ...sets.map((each) => `-S ${quote(`${description.parameters_file}:${each}`)}`)].join(" ");
}
