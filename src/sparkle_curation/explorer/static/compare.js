// The present variant beside another version of it: a revision of git, a folder, a named variant.

import { ask, make, number, words } from "./dom.js";

export const NO_CHANGE = 255;

/** The comparison that is shown; `changes` holds for each sample what became of it, NO_CHANGE for nothing. */
export function makeComparison(place, description, samples, state, { changed, tell }) {
  samples.changes = new Uint8Array(samples.count).fill(NO_CHANGE);
  samples.reasons = new Uint16Array(samples.count);
  let told = null;
  const name = make("input", { type: "search", list: "versions", placeholder: "HEAD~1, a folder, a variant", "aria-label": "Version to compare with", autocomplete: "off", spellcheck: "false" });
  const go = make("button", { type: "submit" }, "Compare");
  const result = make("div.result", { role: "status" });
  const form = make("form.compare", {}, name, go);
  place.append(
    make("datalist", { id: "versions" }, ...description.versions.map((value) => make("option", { value }))),
    make("section.comparison", { "aria-label": "Compare with another version" }, make("header", {}, make("h2", {}, "Compare")), form, result));
  form.addEventListener("submit", (event) => { event.preventDefault(); compare(name.value.trim()); });

  async function compare(wanted) {
    state.against = wanted;
    state.why = "";
    samples.changes.fill(NO_CHANGE);
    told = null;
    if (!wanted) { draw(); changed(); return; }
    Object.assign(name, { value: wanted, title: wanted });
    result.replaceChildren(make("p.note", {}, `Reading ${wanted} …`));
    go.disabled = true;
    try {
      const answer = await (await ask(`/api/compare?with=${encodeURIComponent(wanted)}`)).json();
      if (state.against !== wanted) return;
      told = answer;
      for (const [row, change, reason] of told.rows) {
        samples.changes[row] = change;
        samples.reasons[row] = reason;
      }
      tell("");
    } catch (error) {
      if (state.against !== wanted) return; // another one is being read by now
      state.against = "";
      tell(error.message, true);
    } finally {
      if (state.against === wanted || !state.against) go.disabled = false;
    }
    draw();
    changed();
  }

  function pick(change, reason) {
    const why = `${change}:${reason}`;
    state.why = state.why === why ? "" : why;
    state.show = state.why ? change : "all";
    changed();
  }

  function draw() {
    if (!told) { result.replaceChildren(); return; }
    const commit = told.commit ? ` (${told.commit.slice(0, 8)})` : "";
    if (!told.counts.length) {
      result.replaceChildren(make("p.note", {}, `The present variant has the same samples as ${told.name}${commit}.`));
      return;
    }
    result.replaceChildren(make("p.note", {}, `Since ${told.name}${commit}, by what the present variant was made with:`),
      ...told.counts.map(([change, reason, count]) => make("button.change", {
        type: "button", title: "Show these alone, or all again", "data-why": `${change}:${reason}`,
        "aria-pressed": String(state.why === `${change}:${reason}`), onclick: () => pick(change, reason),
      }, make(`b.${change}`, {}, `${number.format(count)} ${change}`), make("span.note", {}, reason.split(" + ").map((each) => words(each).replace(":", ": ")).join(" + ")))),
      told.gone_count ? make("details", {}, make("summary", {}, `${number.format(told.gone_count)} of them no table knows any more`),
        ...told.gone.map((each) => make("p.note", {}, each.join(" · ")))) : "",
      make("button.quiet", { type: "button", onclick: () => { name.value = ""; state.show = "all"; compare(""); } }, "end the comparison"));
  }

  return {
    compare, repaint: draw,
    /** Whether a sample is of a change, and of the reason that is picked. */
    isIn(row, change) {
      if (!told || samples.changes[row] === NO_CHANGE || told.changes[samples.changes[row]] !== change) return false;
      return !state.why || state.why === `${change}:${told.reasons[samples.reasons[row]]}`;
    },
  };
}
