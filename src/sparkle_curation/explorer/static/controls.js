// The left side: a histogram and a slider for each criterion, the policies, and the bars of the themes.

import { makeSelection } from "./selection.js";
import { bound } from "./state.js";
import { colour, make, number, numberBox, signed, words } from "./dom.js";

const BINS = 100;
const EDGE = 8; // half the slider's thumb, so that it points at the bar that it stands under

const SELDOM = 0.002; // of the values may lie outside the axis on either side, where that makes it a fifth shorter

/** The part of a scale where there is something to see: from `low` to `high`, and how many values lie `below` and `above` it.
 *  All of `marks` are in it, and it begins and ends at round numbers. */
export function viewOf(values, { low, high }, marks) {
  const fine = 2000; // slots, counted and not sorted, since there may be millions of values
  const slots = new Uint32Array(fine);
  let count = 0;
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row];
    if (value !== value) continue;
    count += 1;
    slots[Math.min(Math.max(Math.floor(((value - low) / (high - low)) * fine), 0), fine - 1)] += 1;
  }
  const whole = { low, high, below: 0, above: 0 };
  if (!count) return whole;
  const slotOf = (left) => { // the first slot behind which no more than `left` values lie
    let at = 0;
    for (let passed = slots[0]; passed <= left; passed += slots[at]) at += 1;
    return at;
  };
  const from = low + (slotOf(count * SELDOM) / fine) * (high - low);
  slots.reverse();
  const to = high - (slotOf(count * SELDOM) / fine) * (high - low);
  const inside = marks.filter(Number.isFinite);
  const unit = 10 ** Math.floor(Math.log10((high - low) / 10)) / 2;
  const round = (value, how) => Number((how((value - low) / unit + (how === Math.floor ? 1e-9 : -1e-9)) * unit + low).toPrecision(12));
  const view = { low: Math.max(round(Math.min(from, ...inside), Math.floor), low), high: Math.min(round(Math.max(to, ...inside), Math.ceil), high) };
  if (view.high - view.low > 0.8 * (high - low)) return whole;
  let [below, above] = [0, 0];
  for (let row = 0; row < values.length; row += 1) {
    if (values[row] < view.low) below += 1;
    else if (values[row] > view.high) above += 1;
  }
  return { ...view, below, above };
}

/** The bar that each sample stands in, BINS for one without a value or outside the axis: looked up at every move, so found once. */
function binsOf(values, { low, high }) {
  const width = (high - low) / BINS;
  return Uint8Array.from(values, (value) => (
    value >= low && value <= high ? Math.min(Math.floor((value - low) / width), BINS - 1) : BINS
  ));
}

/** How many samples stand in each bar; `kept` counts those alone that it has a 1 for. */
function tally(bins, kept) {
  const counts = new Uint32Array(BINS + 1);
  for (let row = 0; row < bins.length; row += 1) counts[bins[row]] += kept ? kept[row] : 1;
  return counts.subarray(0, BINS);
}

/** A canvas that knows its size without asking for a layout while a slider moves. */
function drawHistogram(canvas, size, tints, all, kept, axis, marks, shades) {
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
  paint(kept, axis.colour);
  const at = (value) => EDGE + ((Math.min(Math.max(value, axis.low), axis.high) - axis.low) / (axis.high - axis.low)) * (width - 2 * EDGE);
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
    const slider = make("input.slider", {
      type: "range", id: `slider-${criterion.name}`, "aria-label": `Threshold of ${words(criterion.name)}`,
    });
    const { low, high } = criterion;
    const beyond = (high - low) / 10; // of what is looser than the published threshold, so that it is told what is known there
    const { box: exact, fault } = numberBox(
      { "aria-label": `Threshold of ${words(criterion.name)}, exactly` }, { low, high, isNeeded: true }, (value) => set(value));
    const count = make("p.note");
    const reset = make("button.quiet", { type: "button", title: "Back to the present variant's" }, "reset");
    const set = (value) => {
      state.thresholds[criterion.name] = value;
      fault.hidden = true;
      exact.setAttribute("aria-invalid", "false");
      changed();
    };
    slider.addEventListener("input", () => set(Number(slider.value)));
    reset.addEventListener("click", () => set(criterion.present));
    const axis = makeAxis(samples.scores[which], criterion, changed);
    const fit = () => Object.assign(slider, { min: String(axis.low), max: String(axis.high), step: String(stepOf(axis.high - axis.low)) });
    const size = { width: 0, height: 0 };
    new ResizeObserver(([{ contentRect }]) => {
      if (size.width === contentRect.width && size.height === contentRect.height) return;
      Object.assign(size, { width: contentRect.width, height: contentRect.height });
      changed();
    }).observe(canvas);
    const unknown = make("p.note.unknown", { hidden: true });
    const missing = samples.scores[which].reduce((sum, score) => sum + (score === score ? 0 : 1), 0);
    place.append(make("section.criterion", { "aria-label": words(criterion.name) },
      make("header", {}, make("h2", {}, words(criterion.name)),
        make("span.sign", {}, criterion.is_at_least ? "≥" : "≤"), exact),
      fault,
      make("p.note", {}, criterion.title),
      make("div.plot", {}, canvas,
        missing === samples.count ? make("p.none", {}, "no scores") : "", slider),
      make("div.ends.note", {}, axis.least, axis.most), make("div.marks", {}, count, reset), axis.toggle, unknown));
    return (kept) => {
      const threshold = state.thresholds[criterion.name];
      const published = criterion.published === null ? [] : [criterion.published, criterion.published - (criterion.is_at_least ? 1 : -1) * beyond];
      axis.hold([threshold, criterion.present, ...published]);
      fit();
      slider.value = String(threshold);
      if (document.activeElement !== exact && fault.hidden) exact.value = String(threshold);
      slider.setAttribute("aria-valuetext", `${criterion.is_at_least ? "at least" : "at most"} ${threshold}`);
      reset.style.setProperty("visibility", threshold === criterion.present ? "hidden" : "visible"); // its place stays, so that nothing moves
      const { from, to, isAll, names } = unobserved(description, state, criterion);
      const shades = names.length ? [{ from, to, fill: "hatch" }] : [];
      drawHistogram(canvas, size, tints, axis.all, tally(axis.bins, kept), { ...axis, colour: criterion.colour }, [threshold], shades);
      unknown.hidden = names.length === 0;
      unknown.classList.toggle("imputed", isLooser(criterion, threshold));
      unknown.textContent = `${criterion.is_at_least ? "Below" : "Above"} ${criterion.published} ${isAll ? "nothing is known" : `nothing is known of ${names.join(", ")}`}: the score files hold nothing that was rejected there.`;
      const marks = [criterion.published === null ? "none published" : `published ${criterion.published}`];
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
  const bars = makeBars(place, description, state, selection.standing, changed);
  return {
    paint(kept, counts) {
      selection.repaint();
      painters.forEach((paint) => paint(kept));
      signals(kept);
      bars(counts);
    },
    selecting: selection.standing,
    refusal: selection.refusal,
  };
}

/** The axis of a histogram: the part of a scale with something to see, what is left out of it, and the button to see the whole. */
function makeAxis(values, scale, changed) {
  const least = make("span");
  const most = make("span");
  const toggle = make("button.quiet.axis", { type: "button", hidden: true });
  let isWhole = false;
  let held = [];
  const axis = {
    least, most, toggle,
    /** Make sure that these values are on the axis. */
    hold(marks) {
      if (axis.bins && marks.every((each) => !(each < axis.low || each > axis.high))) return;
      held = [...held, ...marks.filter(Number.isFinite).map((each) => Math.min(Math.max(each, scale.low), scale.high))];
      fit();
    },
  };
  function fit() {
    const view = viewOf(values, scale, held);
    const isCut = view.low > scale.low || view.high < scale.high;
    Object.assign(axis, isWhole ? { low: scale.low, high: scale.high } : { low: view.low, high: view.high });
    axis.bins = binsOf(values, axis);
    axis.all = tally(axis.bins, null);
    least.textContent = `${axis.low > scale.low ? "⋯ " : ""}${short(axis.low)}`;
    most.textContent = `${short(axis.high)}${axis.high < scale.high ? " ⋯" : ""}`;
    toggle.hidden = !isCut;
    const out = [
      view.below > 0 && `${number.format(view.below)} below ${short(view.low)}`,
      view.above > 0 && `${number.format(view.above)} above ${short(view.high)}`,
    ].filter(Boolean).join(", ");
    const shortened = view.below + view.above > 0 ? `not shown: ${out}` : "show the whole scale";
    toggle.textContent = isWhole ? "show where the samples are" : shortened;
    toggle.title = isWhole ? "" : `Show the whole scale, ${short(scale.low)} to ${short(scale.high)}`;
  }
  toggle.addEventListener("click", () => { isWhole = !isWhole; fit(); changed(); });
  return axis;
}

/** The step of a slider: 1, 2 or 5 of a decimal place, at most a 200th of its axis, so that dragging gives 8.7 and not 8.705. */
export function stepOf(span) {
  const place = 10 ** Math.floor(Math.log10(span / 200));
  const most = [5, 2, 1].find((each) => each * place <= (span / 200) * (1 + 1e-9)) ?? 1;
  return Number((most * place).toPrecision(1));
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
    const side = (name, label) => numberBox({ placeholder: "none", "aria-label": `${words(signal.name)} ${label}` }, {}, (value) => {
      const sides = { ...state.bounds[signal.name], [name]: value };
      state.bounds[signal.name] = bound(sides.at_least, sides.at_most);
      changed();
    });
    const [least, most] = [side("at_least", "at least"), side("at_most", "at most")];
    const axis = makeAxis(samples.signals[which], signal, changed);
    folded.append(make("section.criterion", { "aria-label": words(signal.name) },
      make("h2", { title: signal.title }, words(signal.name)),
      canvas,
      make("div.ends.note", {}, axis.least, axis.most), axis.toggle,
      make("div.bounds", {}, make("label", {}, "≥ ", least.box), make("label", {}, "≤ ", most.box)), least.fault, most.fault));
    const size = { width: 0, height: 0 };
    new ResizeObserver(([{ contentRect }]) => {
      if (size.width === contentRect.width && size.height === contentRect.height) return;
      Object.assign(size, { width: contentRect.width, height: contentRect.height });
      changed();
    }).observe(canvas);
    return (kept) => {
      const { at_least: from, at_most: to } = state.bounds[signal.name];
      for (const [{ box, fault }, value] of [[least, from], [most, to]]) if (document.activeElement !== box && fault.hidden) box.value = value ?? "";
      axis.hold([from, to].filter((each) => each >= signal.low && each <= signal.high));
      const shades = [
        ...(from === undefined ? [] : [{ from: axis.low, to: from, fill: tints.veil }]),
        ...(to === undefined ? [] : [{ from: to, to: axis.high, fill: tints.veil }]),
      ];
      drawHistogram(canvas, size, tints, axis.all, tally(axis.bins, kept), { ...axis, colour: tints.focus }, [from, to], shades);
    };
  });
  return (kept) => {
    const set = Object.values(state.bounds).filter((each) => Object.keys(each).length).length;
    told.textContent = set ? `${set} bounded` : "no bounds";
    if (folded.open) painters.forEach((paint) => paint(kept));
  };
}

const short = (value) => String(Number(value.toPrecision(4)));

function makeBars(place, description, state, selecting, changed) {
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
      paint(atLeast, known, exported, present, isPicked) {
        now.style.setProperty("width", `${known ? (exported / known) * 100 : 0}%`);
        before.style.setProperty("left", `${known ? (present / known) * 100 : 0}%`);
        count.textContent = `${atLeast}${number.format(exported)} of ${number.format(known)}`;
        delta.textContent = signed(exported - present) + (atLeast && exported > present ? " or more" : "");
        delta.className = `delta ${exported < present ? "goes" : "comes"}`;
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
    make("header", {}, make("h2", {}, "Themes"), make("span.note", {}, "exported, and a line where the present variant is")));
  place.append(section);
  const rows = description.themes.map((theme, which) => {
    const top = bar(theme.title, theme.colour, toggle(theme.name));
    const below = description.subthemes
      .map((each, at) => ({ ...each, at: at + 1 }))
      .filter((each) => each.theme === which)
      .map((each) => ({ ...each, bar: bar(each.name, theme.colour, toggle(theme.name, each.name)) }));
    section.append(top.row);
    if (below.length) {
      section.append(make("details", {}, make("summary", {}, `${below.length} subtheme${below.length === 1 ? "" : "s"}`), ...below.map((each) => each.bar.row)));
    }
    return { theme, which, top, below };
  });
  return ({ themes, subthemes }) => {
    for (const { theme, which, top, below } of rows) {
      const isPicked = state.theme === theme.name;
      const atLeast = isFloor(description, state, which) && !selecting.isOn ? "at least " : ""; // a budget is what it is
      top.paint(atLeast, themes.known[which], themes.exported[which], themes.present[which], isPicked && !state.subtheme);
      for (const each of below) {
        each.bar.paint(atLeast, subthemes.known[each.at], subthemes.exported[each.at], subthemes.present[each.at],
          isPicked && state.subtheme === each.name);
      }
    }
  };
}
