// The middle: which samples, in what order, and only those drawn that can be seen.

import { ask, beside, make, number, words } from "./dom.js";
import { lackOf } from "./rule.js";

const ROW = 64;
const TALLEST = 12_000_000; // browsers cut elements that are much taller

/** What becomes of a sample: `kept`, `comes` and `goes` are of the variant, `lacking` is kept and would not be exported. */
export function statusOf(samples, description, kept, row) {
  const isPresent = (samples.flags[row] & description.flags.present) !== 0;
  if (samples.exported[row] !== 0) return isPresent ? "kept" : "comes";
  if (isPresent) return "goes";
  return kept[row] ? "lacking" : "rejected";
}

/** Who is in each of the tabs. */
const TABS = [
  ["all", "All"], ["kept", "Kept"], ["comes", "Comes"], ["goes", "Goes"], ["rejected", "Rejected"],
  ["lacking", "Not exported"], ["unloadable", "Unloadable"], ["faults", "Faults"], ["overridden", "By hand"], ["stale", "Stale"], ["generated", "Generated"],
  ["out", "Out of bounds"], ["selected", "Selected"], ["unselected", "Not selected"],
  ["added", "Added"], ["removed", "Removed"], ["changed", "Changed"],
];
const SELDOM = new Set(["lacking", "unloadable", "faults", "stale", "generated", "out", "selected", "unselected", "added", "removed", "changed"]); // tabs that are there when somebody is in them

function countIn(scope, isIn) {
  let count = 0;
  for (let row = 0; row < scope.length; row += 1) if (scope[row] !== 0 && isIn(row)) count += 1;
  return count;
}

const INDEX_BITS = 21;
const LAST = 1e300;

/** The rows by a value from 0 up, least first; those without one last, and ties as in the release.
 *  A row's place is put into the last bits of its value, so that plain numbers are sorted, which browsers do ten times as fast as
 *  by a function; values that differ by less than a billionth of themselves count as ties. */
function sorted(rows, value) {
  const count = rows.length;
  const values = new Float64Array(count);
  for (let at = 0; at < count; at += 1) {
    const own = Math.max(value(rows[at]), 0);
    values[at] = own < LAST ? own : LAST; // also of no number at all
  }
  if (count >= 1 << INDEX_BITS) {
    const places = new Uint32Array(count).map((_, at) => at).sort((a, b) => values[a] - values[b] || a - b);
    return places.map((at) => rows[at]);
  }
  const words = new Uint32Array(values.buffer);
  const mask = (1 << INDEX_BITS) - 1;
  for (let at = 0; at < count; at += 1) words[2 * at] = ((words[2 * at] & ~mask) | at) >>> 0;
  values.sort();
  const ordered = new Uint32Array(count);
  for (let at = 0; at < count; at += 1) ordered[at] = rows[words[2 * at] & mask];
  return ordered;
}

export function makeList(place, description, samples, state, { decisions, comparison, changed, chosen }) {
  const { criteria, flags } = description;
  const texts = new Map();
  let found = null; // a set bit for each sample that the search found; null without a search
  let rows = new Uint32Array(0);
  let kept = null;
  let waiting = 0;
  let latest = "";
  const tabs = TABS.map(([name, title]) => {
    const count = make("b");
    const button = make("button.tab", {
      type: "button", "data-show": name, onclick: () => { state.show = name; changed(); },
    }, title, count);
    return { name, button, count };
  });
  const search = make("input.search", {
    type: "search", placeholder: "Search", title: "Ids, prompts and keywords; each word must be there", "aria-label": "Search",
    autocomplete: "off", spellcheck: "false",
  });
  search.value = state.q;
  const within = make("select.within", { "aria-label": "Where to search" },
    make("option", { value: "texts" }, "in texts"), make("option", { value: "reasons" }, "in the judge's reasons"));
  if (state.within !== "reasons") state.within = "texts";
  within.value = state.within;
  within.addEventListener("change", () => { state.within = within.value; if (state.q) find(); });
  const sort = make("select", { "aria-label": "Order" },
    make("option", { value: "nearest" }, "nearest to a threshold"),
    make("option", { value: "release" }, "as in the release"),
    ...criteria.flatMap((each) => [
      make("option", { value: `${each.name}:down` }, `${words(each.name)}, best first`),
      make("option", { value: `${each.name}:up` }, `${words(each.name)}, worst first`),
    ]));
  sort.value = state.sort;
  if (sort.value !== state.sort) { state.sort = "nearest"; sort.value = "nearest"; }
  const said = make("p.note", { role: "status" });
  const bulk = make("button.quiet", {
    type: "button", title: decisions.isOff || "Asks first", disabled: Boolean(decisions.isOff),
    onclick: () => {
      const listed = Array.from(rows); // those of now, whatever the sliders do while the question stands
      decisions.dropList(async () => {
        const ids = (await (await ask("/api/ids")).text()).split("\n");
        return listed.map((row) => ids[row]);
      }, listed.length);
    },
  }, "Drop all of them …");
  const inside = make("div.rows");
  const view = make("div.scroll", { tabIndex: 0, role: "listbox", "aria-label": "Samples" }, inside);
  place.append(
    make("div.tools", {}, search, within, sort),
    make("div.tabs", { role: "group", "aria-label": "Which samples" }, ...tabs.map((each) => each.button)),
    make("div.found", {}, said, bulk), view);

  const isIn = {
    all: () => true,
    kept: (row) => kept[row] === 1,
    comes: (row) => samples.exported[row] === 1 && (samples.flags[row] & flags.present) === 0,
    goes: (row) => samples.exported[row] === 0 && (samples.flags[row] & flags.present) !== 0,
    lacking: (row) => kept[row] === 1 && samples.exported[row] === 0,
    rejected: (row) => kept[row] === 0,
    unloadable: (row) => (samples.flags[row] & flags.dropped) !== 0,
    faults: (row) => (samples.flags[row] & flags.faulty) !== 0,
    overridden: (row) => samples.decided[row] !== 0,
    out: (row) => kept[row] === 1 && samples.out[row] !== 0,
    selected: (row) => samples.selected !== null && samples.selected[row] !== 0,
    unselected: (row) => kept[row] === 1 && lackOf(samples, description, row) === "not_selected",
    stale: (row) => (samples.decided[row] & 2) !== 0,
    generated: (row) => (samples.flags[row] & flags.generated) !== 0,
    ...Object.fromEntries(["added", "removed", "changed"].map((change) => [change, (row) => comparison.isIn(row, change)])),
  };

  /** Tabs that nobody can be in now, and so need no counting. */
  const isOff = {
    out: () => Object.values(state.bounds).every((each) => Object.keys(each).length === 0),
    selected: () => samples.selected === null, unselected: () => samples.selected === null,
    ...Object.fromEntries(["added", "removed", "changed"].map((change) => [change, () => !state.against])),
  };

  /** The samples of theme, subtheme and search, whatever the tab. */
  function inScope(row) {
    if (found !== null && found[row] === 0) return false;
    if (state.theme && description.themes[samples.themes[row]].name !== state.theme) return false;
    if (!state.subtheme) return true;
    const subtheme = samples.subthemes[row];
    return subtheme > 0 && description.subthemes[subtheme - 1].name === state.subtheme;
  }

  function order(numbers, distance) {
    if (state.sort === "release") return numbers;
    const [name, way] = state.sort.split(":");
    const place = criteria.findIndex((each) => each.name === name);
    const keys = state.sort === "nearest" ? distance : samples.scores[place];
    if (!keys) return numbers;
    const { high, low } = criteria[place] ?? {};
    const [sign, from] = state.sort === "nearest" ? [1, 0] : way === "down" ? [-1, -high] : [1, low];
    return sorted(numbers, (row) => keys[row] * sign - from);
  }

  function filter(newKept, distance) {
    kept = newKept;
    if (!isIn[state.show]) state.show = "all";
    const scope = new Uint8Array(samples.count);
    if (found === null && !state.theme) scope.fill(1);
    else for (let row = 0; row < samples.count; row += 1) scope[row] = inScope(row) ? 1 : 0;
    // A loop for each tab and not a call of each for a row: a browser makes such a loop fast, and there may be millions.
    const counts = Object.fromEntries(TABS.map(([name]) => [name, isOff[name]?.() ? 0 : countIn(scope, isIn[name])]));
    const numbers = new Uint32Array(counts[state.show]);
    const isShown = isIn[state.show];
    for (let row = 0, at = 0; at < numbers.length; row += 1) {
      if (scope[row] !== 0 && isShown(row)) { numbers[at] = row; at += 1; }
    }
    rows = order(numbers, distance);
    for (const each of tabs) {
      each.count.textContent = number.format(counts[each.name]);
      each.button.setAttribute("aria-pressed", String(each.name === state.show));
      each.button.hidden = SELDOM.has(each.name) && !counts[each.name] && state.show !== each.name;
    }
    const told = [
      state.subtheme || (state.theme && description.themes.find((each) => each.name === state.theme)?.title),
      state.q && `“${state.q}”`,
    ].filter(Boolean).join(", ");
    said.textContent = `${number.format(rows.length)} ${rows.length === 1 ? "sample" : "samples"}${told ? ` · ${told}` : ""}`;
    bulk.hidden = rows.length === 0;
    draw();
  }

  // A list of millions is as tall as a browser allows, and scrolls faster than its rows.
  const tall = () => Math.min(rows.length * ROW, TALLEST);
  function firstRow() {
    const most = Math.max(tall() - view.clientHeight, 1);
    return tall() < rows.length * ROW
      ? (view.scrollTop / most) * (rows.length - view.clientHeight / ROW)
      : view.scrollTop / ROW;
  }

  function draw() {
    inside.style.setProperty("height", `${tall()}px`);
    const exact = Math.max(firstRow(), 0);
    const first = Math.max(Math.floor(exact) - 4, 0);
    const shown = rows.subarray(first, Math.min(first + Math.ceil(view.clientHeight / ROW) + 9, rows.length));
    const top = view.scrollTop - exact * ROW;
    inside.replaceChildren(...Array.from(shown, (row, at) => drawRow(row, first + at, top + (first + at) * ROW)));
    if (!rows.length) {
      inside.append(make("p.empty", {}, samples.count
        ? "No sample is here. Choose another tab, or take search and theme away."
        : "The release has no sample. Make a variant of one: kedro run --pipelines curate --params release_root=FOLDER"));
    }
    const here = document.getElementById(`row-${samples.place}`);
    if (here) view.setAttribute("aria-activedescendant", here.id);
    else view.removeAttribute("aria-activedescendant");
    const lacking = Array.from(shown).filter((row) => !texts.has(row));
    if (lacking.length) {
      clearTimeout(waiting);
      waiting = setTimeout(() => fetchTexts(lacking), 30);
    }
  }

  async function fetchTexts(numbers) {
    const answer = await (await ask(`/api/texts?rows=${numbers.join(",")}`)).json();
    answer.forEach((each, at) => texts.set(numbers[at], each));
    draw();
  }

  function drawRow(row, at, top) {
    const [id, prompt, keyword] = texts.get(row) ?? ["…", "", ""];
    const theme = description.themes[samples.themes[row]];
    const status = statusOf(samples, description, kept, row);
    const pill = make("span.pill", {}, theme.title);
    if (theme.colour) pill.style.setProperty("background", theme.colour);
    const scores = criteria.map((each, place) => {
      const score = samples.scores[place][row];
      const threshold = state.thresholds[each.name];
      const isPassed = each.is_at_least ? score >= threshold : score <= threshold;
      const isNone = score !== score;
      const kind = isNone ? "none" : (samples.flags[row] & each.imputed) !== 0 ? "imputed" : isPassed ? "passed" : "failed";
      const shown = make(`span.score.${kind}`, { title: `${words(each.name)}${kind === "imputed" ? ", imputed" : ""}` },
        isNone ? "–" : beside(score, threshold));
      shown.style.setProperty("border-color", each.colour); // that of its histogram
      return shown;
    });
    const marks = [
      isIn.generated(row) ? make("span.mark.generated", { title: "A new sample, whose files a model made" }, "generated") : null,
      (samples.flags[row] & flags.dropped) !== 0 ? make("span.mark.failed", {}, "unloadable") : null,
      (samples.flags[row] & flags.faulty) !== 0 ? make("span.mark.imputed", {}, "fault") : null,
      (samples.decided[row] & 2) !== 0 ? make("span.mark.imputed", {}, "stale") : null,
    ];
    const said = status === "lacking" ? `not exported: ${words(lackOf(samples, description, row))}` : status;
    const byHand = `${kept[row] ? "kept" : "dropped"} by hand${status === "lacking" ? `, not exported: ${words(lackOf(samples, description, row))}` : ""}`;
    const isChosen = row === samples.place;
    const element = make(`div.row.${status}${isChosen ? ".chosen" : ""}`, {
      id: `row-${row}`, role: "option", "aria-selected": String(isChosen),
      "aria-posinset": String(at + 1), "aria-setsize": String(rows.length), onclick: () => choose(row),
    },
    make("div.head", {}, pill, make("span.id", {}, id), make("span.note", {}, keyword),
      make("div.tags", {}, ...marks, make(`span.tag.${status}`, {}, samples.override[row] === 0 ? said : byHand))),
    make("div.below", {}, make("p.prompt", { dir: "auto" }, prompt || "(no prompt)"), make("div.scores", {}, ...scores)));
    element.style.setProperty("top", `${top}px`);
    return element;
  }

  function choose(row) {
    samples.place = row;
    draw();
    chosen(row, texts.get(row)?.[0]);
  }

  /** Scroll as far as it takes to see the row at a place of the list. */
  function reveal(at) {
    if (tall() < rows.length * ROW) {
      const first = firstRow();
      if (at < first || at + 1 > first + view.clientHeight / ROW) view.scrollTop = (at / rows.length) * tall();
    } else if (at * ROW < view.scrollTop) view.scrollTop = at * ROW;
    else if ((at + 1) * ROW > view.scrollTop + view.clientHeight) view.scrollTop = (at + 1) * ROW - view.clientHeight;
  }

  function move(step) {
    if (!rows.length) return;
    const now = rows.indexOf(samples.place);
    const to = Math.min(Math.max(now + step, 0), rows.length - 1);
    reveal(to);
    choose(rows[to]);
  }

  /** The row behind the chosen one, before it where that is the last; null where there is no other. */
  function next() {
    const now = rows.indexOf(samples.place);
    return now < 0 ? null : rows[now + 1] ?? rows[now - 1] ?? null;
  }

  /** Choose a row and show it where it stands now; one that is not listed any more is left for the first. */
  function go(row) {
    const at = rows.indexOf(row ?? samples.place);
    if (at < 0) { first(); return; }
    reveal(at);
    choose(rows[at]);
  }

  async function find() {
    state.q = search.value.trim();
    if (!state.q) { latest = ""; found = null; changed(); return; }
    const asked = `/api/find?q=${encodeURIComponent(state.q)}&in=${state.within}`;
    latest = asked;
    said.textContent = "Searching …";
    const answer = new Uint32Array(await (await ask(asked)).arrayBuffer());
    if (asked !== latest) return; // somebody has typed on
    found = new Uint8Array(samples.count);
    for (const row of answer) found[row] = 1;
    changed();
  }

  let typing = 0;
  search.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(find, 120); });
  sort.addEventListener("change", () => { state.sort = sort.value; view.scrollTop = 0; changed(); });
  let isDrawing = false;
  view.addEventListener("scroll", () => {
    if (isDrawing) return;
    isDrawing = true;
    requestAnimationFrame(() => { isDrawing = false; draw(); });
  });
  new ResizeObserver(() => { if (kept) draw(); }).observe(view);
  /** The first sample, where none was chosen. */
  function first() {
    if (!rows.length) return;
    reveal(0);
    choose(rows[0]);
  }

  return { filter, first, move, next, go, find, rows: () => rows, text: (row) => texts.get(row) };
}
