// What a sample's scores come to at some thresholds: the rule of the pipeline (filtering/verdicts.py), with the decisions by
// hand over it (filtering/overrides/applying.py), and nothing else.
// Pure, so that the tests can hold it against the pipeline's own answer.

/** The numbers of all samples out of the server's blob; see `Samples.blob` in data.py for its layout. */
export function unpack(buffer, description) {
  const { count, criteria } = description;
  const scores = criteria.map((_, place) => new Float64Array(buffer, place * count * 8, count));
  const measured = description.signals ?? [];
  const signals = measured.map((_, place) => new Float64Array(buffer, (criteria.length + place) * count * 8, count));
  let start = (criteria.length + measured.length) * count * 8;
  const flags = new Uint32Array(buffer, start, count);
  start += count * 4;
  const subthemes = new Uint16Array(buffer, start, count);
  start += count * 2;
  return {
    count, scores, signals, flags, subthemes, themes: new Uint8Array(buffer, start, count), lacks: new Uint8Array(count),
    isLookedAt: false, out: new Uint8Array(count), exported: new Uint8Array(count), selected: null,
  };
}

/** What could be exported, which the server finds out behind the rest; see `Exportable.blob` in exporting.py. */
export function takeExportable(samples, buffer) {
  const found = new Uint32Array(buffer, 0, samples.count);
  for (let row = 0; row < samples.count; row += 1) samples.flags[row] |= found[row];
  samples.lacks = new Uint8Array(buffer, samples.count * 4, samples.count);
  samples.isLookedAt = true;
}

/** `auto` as the pipeline settles it: keep at the published thresholds, else reject. */
export function settleImputed(policy, thresholds, criteria) {
  if (policy !== "auto") return policy;
  return criteria.every((each) => thresholds[each.name] === each.published) ? "keep" : "reject";
}

/** 1 for each sample that is kept, 0 for each other one; into `kept`, an array as long as there are samples.
 *  `samples.override`, where there is one, has 1 for a sample that is kept by hand and 2 for one that is dropped. */
export function applyThresholds(samples, criteria, choice, kept) {
  kept.fill(1);
  const keepsMissing = choice.missing === "keep";
  const rejectsImputed = settleImputed(choice.imputed, choice.thresholds, criteria) === "reject";
  const { count, flags } = samples;
  criteria.forEach((criterion, place) => {
    const scores = samples.scores[place];
    const threshold = choice.thresholds[criterion.name];
    const imputed = rejectsImputed ? criterion.imputed : 0;
    const isAtLeast = criterion.is_at_least;
    for (let row = 0; row < count; row += 1) {
      if (kept[row] === 0) continue;
      const score = scores[row];
      if (score !== score) { // NaN: no score, and so no imputed one
        if (!keepsMissing) kept[row] = 0;
      } else if ((flags[row] & imputed) !== 0) kept[row] = 0;
      else if (isAtLeast ? score < threshold : score > threshold) kept[row] = 0;
    }
  });
  const { override } = samples;
  if (override) for (let row = 0; row < count; row += 1) if (override[row] !== 0) kept[row] = override[row] === 1 ? 1 : 0;
  return kept;
}

/** 1 for each sample that a bound on a signal leaves out, as filtering/signal_bounds.py has it; a signal that it lacks leaves
 *  it out where `missing` is `reject`. */
export function outOfBounds(samples, signals, bounds, missing, out) {
  out.fill(0);
  signals.forEach(({ name }, place) => {
    const { at_least: least = -Infinity, at_most: most = Infinity } = bounds[name] ?? {};
    if (least === -Infinity && most === Infinity) return;
    const values = samples.signals[place];
    for (let row = 0; row < samples.count; row += 1) {
      const value = values[row];
      if (value !== value ? missing === "reject" : value < least || value > most) out[row] = 1;
    }
  });
  return out;
}

/** How far each sample is from changing sides: 0 at a threshold, Infinity where no threshold would change anything. */
export function distances(samples, criteria, choice, into) {
  const keepsMissing = choice.missing === "keep";
  const rejectsImputed = settleImputed(choice.imputed, choice.thresholds, criteria) === "reject";
  const signs = criteria.map((each) => (each.is_at_least ? 1 : -1));
  const limits = criteria.map((each) => choice.thresholds[each.name]);
  const widths = criteria.map((each) => each.high - each.low || 1);
  for (let row = 0; row < samples.count; row += 1) {
    let margin = Infinity;
    for (let place = 0; place < criteria.length; place += 1) {
      const score = samples.scores[place][row];
      const isMissing = score !== score;
      if (isMissing && keepsMissing) continue;
      const isStuck = isMissing || (rejectsImputed && (samples.flags[row] & criteria[place].imputed) !== 0);
      const own = isStuck ? -Infinity : (signs[place] * (score - limits[place])) / widths[place];
      if (own < margin) margin = own;
    }
    into[row] = samples.override && samples.override[row] !== 0 ? Infinity : Math.abs(margin);
  }
  return into;
}

/** 1 for each sample that would be in the variant: kept, nothing keeps it from being exported, and selected where there is a
 *  selection; into `samples.exported`. */
export function applyExport(samples, kept) {
  const { exported, lacks, out, selected } = samples;
  for (let row = 0; row < samples.count; row += 1) {
    exported[row] = kept[row] !== 0 && lacks[row] === 0 && out[row] === 0 && (selected === null || selected[row] !== 0) ? 1 : 0;
  }
  return exported;
}

/** Why a kept sample would not be exported, by the name that the pipeline reports; null for one that would. */
export function lackOf(samples, description, row) {
  const lack = samples.lacks[row] === 0 ? null : description.lacks[samples.lacks[row] - 1];
  if (samples.out[row] !== 0 && !lack?.is_before_signals) return "signal";
  if (lack) return lack.name;
  return samples.selected !== null && samples.selected[row] === 0 ? "not_selected" : null;
}

/** What a choice comes to: totals and, by theme and by subtheme, all samples, those kept, those that would be exported, and those
 *  of the present variant; `lacking` has how many kept ones would not be exported, by the reason. */
export function count(samples, kept, description) {
  const { flags } = description;
  const of = (length) => ({
    known: new Uint32Array(length), kept: new Uint32Array(length), exported: new Uint32Array(length), present: new Uint32Array(length),
  });
  const themes = of(description.themes.length);
  const subthemes = of(description.subthemes.length + 1);
  const total = { known: samples.count, kept: 0, exported: 0, present: 0, comes: 0, goes: 0, unseen: 0, lacking: {} };
  applyExport(samples, kept);
  for (let row = 0; row < samples.count; row += 1) {
    const isKept = kept[row];
    const isExported = samples.exported[row];
    const flag = samples.flags[row];
    const isPresent = (flag & flags.present) === 0 ? 0 : 1;
    const theme = samples.themes[row];
    const subtheme = samples.subthemes[row];
    themes.known[theme] += 1;
    themes.kept[theme] += isKept;
    themes.exported[theme] += isExported;
    themes.present[theme] += isPresent;
    subthemes.known[subtheme] += 1;
    subthemes.kept[subtheme] += isKept;
    subthemes.exported[subtheme] += isExported;
    subthemes.present[subtheme] += isPresent;
    total.kept += isKept;
    total.exported += isExported;
    total.present += isPresent;
    if (isExported > isPresent) total.comes += 1;
    else if (isExported < isPresent) total.goes += 1;
    if (isExported !== 0 && (flag & flags.unseen) !== 0) total.unseen += 1;
    if (isKept > isExported) {
      const lack = lackOf(samples, description, row);
      total.lacking[lack] = (total.lacking[lack] ?? 0) + 1;
    }
  }
  return { total, themes, subthemes };
}
