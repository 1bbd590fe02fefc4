// The left side: a histogram and a slider for each criterion, the policies, and the bars of the themes.

import { makeSelection } from "./selection.js";
import { bound } from "./state.js";
import { colour, make, number, signed, words } from "./dom.js";

const BINS = 100;
const EDGE = 8; // half the slider's thumb, so that it points at the bar that it stands under

/** The bar that each sample stands in, BINS for one without a score: looked up at every move, so found once. */
function binsOf(scores, criterion) {
  const width = (criterion.high - criterion.low) / BINS;
  return Uint8Array.from(scores, (score) => (
    score === score ? Math.min(Math.max(Math.floor((score - criterion.low) / width), 0), BINS - 1) : BINS
  ));
}

/** How many samples stand in each bar; `kept` counts those alone that it has a 1 for. */
function tally(bins, kept) {
  const counts = new Uint32Array(BINS + 1);
  for (let row = 0; row < bins.length; row += 1) counts[bins[row]] += kept ? kept[row] : 1;
  return counts.subarray(0, BINS);
}

/** A canvas that knows its size without asking for a layout while a slider moves. */
function drawHistogram(canvas, size, tints, all, kept, criterion, marks, shades) {
  const ratio = devicePixelRatio || 1;
  const { width, height } = size;
  if (!width || !height) return; // not laid out yet, or folded
  const [wide, tallest] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide || canvas.height !== tallest) [canvas.width, canvas.height] = [wide, tallest];
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  const most = Math.max(...all, 1);
  const step = (width - 2 * EDGE) / BINS;
  // A square root, since a few bins hold most of the samples and the choice is made among the others.
  const tall = (value) => (value === 0 ? 0 : Math.max(Math.sqrt(value / most) * (height - 4), 1.5));
  const paint = (bins, fill) => {
    pen.fillStyle = fill;
    bins.forEach((value, place) => {
      pen.fillRect(EDGE + place * step, height - tall(value), Math.max(step - 0.7, 0.7), tall(value));
    });
  };
  paint(all, tints.bar);
  paint(kept, criterion.colour);
  const at = (value) => EDGE + ((Math.min(Math.max(value, criterion.low), criterion.high) - criterion.low) / (criterion.high - criterion.low)) * (width - 2 * EDGE);
  for (const { from, to, fill } of shades) {
    pen.fillStyle = fill === "hatch" ? hatch(pen, tints.ink) : fill;
    pen.fillRect(at(from), 0, at(to) - at(from), height);
  }
  pen.fillStyle = tints.ink;
  for (const mark of marks) if (Number.isFinite(mark)) pen.fillRect(at(mark) - 1, 0, 2, height);
}

/** Thin slanting lines: here nothing is known, which no other colour of the page says. */
function hatch(pen, tint) {
  const tile = new OffscreenCanvas(7, 7);
  const line = tile.getContext("2d");
  line.strokeStyle = tint;
  line.globalAlpha = 0.28;
  line.beginPath();
  for (const shift of [-7, 0, 7]) { line.moveTo(shift - 1, 8); line.lineTo(shift + 8, -1); }
  line.stroke();
  return pen.createPattern(tile, "repeat");
}

/** Fills the left side; gives what paints it anew. */
export function makeControls(place, description, samples, state, { changed, tell }) {
  const tints = {};
  const readTints = () => Object.assign(tints, {
    bar: colour("--bar"), ink: colour("--ink"), focus: colour("--focus"), veil: colour("--veil"),
  });
  readTints();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readTints(); changed(); });
  const painters = description.criteria.map((criterion, which) => {
    const canvas = make("canvas.histogram", { "aria-hidden": "true" });
    const step = (criterion.high - criterion.low) / 200;
    const shared = { min: String(criterion.low), max: String(criterion.high) };
    const slider = make("input.slider", {
      type: "range", ...shared, step: String(step), id: `slider-${criterion.name}`,
      "aria-label": `Threshold of ${words(criterion.name)}`,
    });
    const exact = make("input.exact", {
      type: "number", ...shared, step: "any", "aria-label": `Threshold of ${words(criterion.name)}, exactly`,
    });
    const count = make("span.note");
    const reset = make("button.quiet", { type: "button", title: "Back to the present variant's" }, "reset");
    const set = (value) => {
      if (Number.isFinite(value) && value >= criterion.low && value <= criterion.high) {
        state.thresholds[criterion.name] = value;
        changed();
      }
    };
    slider.addEventListener("input", () => set(Number(slider.value)));
    exact.addEventListener("change", () => set(exact.value === "" ? NaN : Number(exact.value)));
    reset.addEventListener("click", () => set(criterion.present));
    const bins = binsOf(samples.scores[which], criterion);
    const all = tally(bins, null);
    const size = { width: 0, height: 0 };
    new ResizeObserver(([{ contentRect }]) => {
      if (size.width === contentRect.width && size.height === contentRect.height) return;
      Object.assign(size, { width: contentRect.width, height: contentRect.height });
      changed();
    }).observe(canvas);
    const unknown = make("p.note.unknown", { hidden: true });
    const missing = samples.scores[which].reduce((sum, score) => sum + (score === score ? 0 : 1), 0);
    place.append(make("section.criterion", { "aria-label": words(criterion.name) },
      make("header", {}, make("h2", {}, words(criterion.name)), reset,
        make("span.sign", {}, criterion.is_at_least ? "≥" : "≤"), exact),
      make("p.note", {}, criterion.title),
      make("div.plot", {}, canvas,
        missing === samples.count ? make("p.none", {}, "no scores") : "", slider),
      make("div.ends.note", {}, make("span", {}, String(criterion.low)), count, make("span", {}, String(criterion.high))), unknown));
    return (kept) => {
      const threshold = state.thresholds[criterion.name];
      slider.value = String(threshold);
      if (document.activeElement !== exact) exact.value = String(threshold);
      slider.setAttribute("aria-valuetext", `${criterion.is_at_least ? "at least" : "at most"} ${threshold}`);
      reset.hidden = threshold === criterion.present;
      const { from, to, isAll, names } = unobserved(description, state, criterion);
      const shades = names.length ? [{ from, to, fill: "hatch" }] : [];
      drawHistogram(canvas, size, tints, all, tally(bins, kept), criterion, [threshold], shades);
      unknown.hidden = names.length === 0;
      unknown.classList.toggle("imputed", isLooser(criterion, threshold));
      unknown.textContent = `${criterion.is_at_least ? "Below" : "Above"} ${criterion.published} ${isAll ? "nothing is known" : `nothing is known of ${names.join(", ")}`}: the score files hold nothing that was rejected there.`;
      const marks = [`published ${criterion.published}`];
      if (criterion.present !== criterion.published) marks.push(`present ${criterion.present}`);
      if (missing) marks.push(`${number.format(missing)} unscored`);
      count.textContent = marks.join(" · ");
    };
  });

  const choose = (name, label, allowed) => {
    const select = make("select", { id: `policy-${name}` }, ...allowed.map(([value, text]) => make("option", { value }, text)));
    select.value = state[name];
    select.addEventListener("change", () => { state[name] = select.value; changed(); });
    return make("label", {}, make("span", {}, label), select);
  };
  place.append(make("section.policies", { "aria-label": "Policies" },
    choose("missing", "Samples without a score", [["reject", "reject"], ["keep", "keep"]]),
    choose("imputed", "Samples with an imputed score", [
      ["auto", "auto: keep at the published"], ["keep", "keep"], ["reject", "reject"],
    ])));
  const signals = makeSignals(place, description, samples, state, tints, changed);
  const selection = makeSelection(place, description, samples, state, { changed, tell });
  const bars = makeBars(place, description, state, changed);
  return (kept, counts) => {
    painters.forEach((paint) => paint(kept));
    signals(kept);
    bars(counts);
    selection();
  };
}

/** Whether a threshold keeps what the published one rejects. */
export function isLooser(criterion, threshold) {
  return criterion.is_at_least ? threshold < criterion.published : threshold > criterion.published;
}

/** Where the score files say nothing of a criterion: beyond the published threshold, in the shown themes that are censored. */
function unobserved(description, state, criterion) {
  const shown = description.themes.map((each, which) => ({ ...each, which })).filter((each) => !state.theme || each.name === state.theme);
  const censored = shown.filter(({ which }) => (criterion.unobserved.censored ?? []).includes(which));
  const [from, to] = criterion.is_at_least ? [criterion.low, criterion.published] : [criterion.published, criterion.high];
  return { from, to, isAll: censored.length === shown.length, names: censored.map((each) => each.title) };
}

/** Whether a theme's count is one of what is known only: some threshold is looser than the published one, and it is censored. */
export function isFloor(description, state, theme) {
  return description.criteria.some((each) => isLooser(each, state.thresholds[each.name]) && (each.unobserved.censored ?? []).includes(theme));
}

/** Histograms of what was measured, each with its bounds; drawn once somebody opens them. */
function makeSignals(place, description, samples, state, tints, changed) {
  if (!description.signals.length) return () => {};
  const folded = make("details.signals", { open: Object.values(state.bounds).some((each) => Object.keys(each).length > 0) });
  const told = make("span.note");
  place.append(make("section", { "aria-label": "Signals" }, folded));
  folded.append(make("summary", {}, make("h2", {}, "Signals"), told));
  const painters = description.signals.map((signal, which) => {
    const canvas = make("canvas.histogram.low", { "aria-hidden": "true" });
    const side = (name, label) => {
      const box = make("input.exact", { type: "number", step: "any", placeholder: "none", "aria-label": `${words(signal.name)} ${label}` });
      box.addEventListener("change", () => {
        const sides = { ...state.bounds[signal.name], [name]: box.value === "" ? undefined : Number(box.value) };
        state.bounds[signal.name] = bound(sides.at_least, sides.at_most);
        changed();
      });
      return box;
    };
    const [least, most] = [side("at_least", "at least"), side("at_most", "at most")];
    folded.append(make("section.criterion", { "aria-label": words(signal.name) },
      make("h2", { title: signal.title }, words(signal.name)),
      canvas,
      make("div.ends.note", {}, make("span", {}, short(signal.low)), make("span", {}, short(signal.high))),
      make("div.bounds", {}, make("label", {}, "≥ ", least), make("label", {}, "≤ ", most))));
    const size = { width: 0, height: 0 };
    new ResizeObserver(([{ contentRect }]) => {
      if (size.width === contentRect.width && size.height === contentRect.height) return;
      Object.assign(size, { width: contentRect.width, height: contentRect.height });
      changed();
    }).observe(canvas);
    let bins = null;
    let all = null;
    return (kept) => {
      const { at_least: from, at_most: to } = state.bounds[signal.name];
      for (const [box, value] of [[least, from], [most, to]]) if (document.activeElement !== box) box.value = value ?? "";
      bins ??= binsOf(samples.signals[which], signal);
      all ??= tally(bins, null);
      const shades = [
        ...(from === undefined ? [] : [{ from: signal.low, to: from, fill: tints.veil }]),
        ...(to === undefined ? [] : [{ from: to, to: signal.high, fill: tints.veil }]),
      ];
      drawHistogram(canvas, size, tints, all, tally(bins, kept), { ...signal, colour: tints.focus }, [from, to], shades);
    };
  });
  return (kept) => {
    const set = Object.values(state.bounds).filter((each) => Object.keys(each).length).length;
    told.textContent = set ? `${set} bounded` : "no bounds";
    if (folded.open) painters.forEach((paint) => paint(kept));
  };
}

const short = (value) => String(Number(value.toPrecision(4)));

function makeBars(place, description, state, changed) {
  const bar = (title, fill, pick) => {
    const now = make("i.now");
    const before = make("i.before");
    const count = make("span.count");
    const delta = make("span.delta");
    if (fill) now.style.setProperty("background", fill);
    const row = make("button.bar", { type: "button", onclick: pick, title: "Show these alone, or all again" },
      make("span.name", {}, title), make("span.track", {}, now, before), count, delta);
    return {
      row,
      paint(atLeast, known, kept, present, isPicked) {
        now.style.setProperty("width", `${known ? (kept / known) * 100 : 0}%`);
        before.style.setProperty("left", `${known ? (present / known) * 100 : 0}%`);
        count.textContent = `${atLeast}${number.format(kept)} of ${number.format(known)}`;
        delta.textContent = signed(kept - present) + (atLeast && kept > present ? " or more" : "");
        delta.className = `delta ${kept < present ? "goes" : "comes"}`;
        row.setAttribute("aria-pressed", String(isPicked));
      },
    };
  };
  const toggle = (theme, subtheme = "") => () => {
    const isSame = state.theme === theme && state.subtheme === subtheme;
    state.theme = isSame ? "" : theme;
    state.subtheme = isSame ? "" : subtheme;
    changed();
  };
  const section = make("section.themes", { "aria-label": "Themes" },
    make("header", {}, make("h2", {}, "Themes"), make("span.note", {}, "kept, and a line where the present variant is")));
  place.append(section);
  const rows = description.themes.map((theme, which) => {
    const top = bar(theme.title, theme.colour, toggle(theme.name));
    const below = description.subthemes
      .map((each, at) => ({ ...each, at: at + 1 }))
      .filter((each) => each.theme === which)
      .map((each) => ({ ...each, bar: bar(each.name, theme.colour, toggle(theme.name, each.name)) }));
    section.append(top.row);
    if (below.length) {
      section.append(make("details", {}, make("summary", {}, `${below.length} subthemes`), ...below.map((each) => each.bar.row)));
    }
    return { theme, which, top, below };
  });
  return ({ themes, subthemes }) => {
    for (const { theme, which, top, below } of rows) {
      const isPicked = state.theme === theme.name;
      const atLeast = isFloor(description, state, which) ? "at least " : "";
      top.paint(atLeast, themes.known[which], themes.kept[which], themes.present[which], isPicked && !state.subtheme);
      for (const each of below) {
        each.bar.paint(atLeast, subthemes.known[each.at], subthemes.kept[each.at], subthemes.present[each.at],
          isPicked && state.subtheme === each.name);
      }
    }
  };
}
