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
  for (const each of description.criteria) {
    const value = given.get(`t.${each.name}`);
    const isGood = value !== null && value !== "" && Number(value) >= each.low && Number(value) <= each.high;
    thresholds[each.name] = isGood ? Number(value) : each.present;
  }
  const policy = (name, allowed, fallback) => (allowed.includes(given.get(name)) ? given.get(name) : fallback);
  const { missing_scores: missing, imputed_scores: imputed } = description.policies;
  const state = {
    thresholds,
    missing: policy("missing", ["keep", "reject"], missing === "keep" ? "keep" : "reject"),
    imputed: policy("imputed", ["auto", "keep", "reject"], imputed),
  };
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
  for (const [name, value] of Object.entries(PLAIN)) if (state[name] !== value) said.set(name, state[name]);
  history.replaceState(null, "", `#${said}`);
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
  };
}

/** The `dvc exp run` that makes the variant of a choice. */
export function experiment(state, description) {
  const sets = [
    "threshold=null",
    ...description.criteria.map((each) => `++thresholds.${each.name}=${state.thresholds[each.name]}`),
    `missing_scores=${state.missing}`,
    `imputed_scores=${state.imputed}`,
  ];
  return ["dvc exp run", ...sets.map((each) => `-S ${quote(`${description.parameters_file}:${each}`)}`)].join(" ");
}
