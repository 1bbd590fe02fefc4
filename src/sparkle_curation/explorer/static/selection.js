// Budget and balance after the thresholds: counted by the server, with the steps of the pipeline, when all has come to rest.

import { ask, make, number, words } from "./dom.js";
import { parameters } from "./state.js";

const REST_MS = 350;
const MODES = [["even", "evenly"], ["proportional", "by size"], ["quota", "by quota"]];

/** The form of the selection, and beside it what comes out; gives what asks anew. */
export function makeSelection(place, description, samples, state, { changed, tell }) {
  samples.selected = null; // 1 for each selected sample, once there is a selection
  if (!description.selection) return () => {};
  const result = make("div.result", { role: "status" });
  const limit = (name, label, title) => {
    const box = make("input.exact", { type: "number", min: "1", step: "1", placeholder: "all", "aria-label": title });
    box.value = state.selection[name] ?? "";
    box.addEventListener("change", () => { state.selection[name] = box.value === "" ? null : Math.max(1, Math.round(Number(box.value))); changed(); });
    return make("label", { title }, make("span", {}, label), box);
  };
  const choose = (name, label, allowed, read = (value) => value, show = (value) => value) => {
    const select = make("select", { "aria-label": label }, ...allowed.map(([value, text]) => make("option", { value }, text)));
    select.value = show(state.selection[name]);
    select.addEventListener("change", () => { state.selection[name] = read(select.value); changed(); });
    return make("label", {}, make("span", {}, label), select);
  };
  const quota = make("input", { type: "text", placeholder: "season/winter=100 season/autumn=50", "aria-label": "Quota of each group", spellcheck: "false" });
  quota.value = Object.entries(state.selection.quota ?? {}).map((each) => each.join("=")).join(" ");
  quota.addEventListener("change", () => {
    const pairs = quota.value.split(/\s+(?=[^=]*=)/).filter(Boolean).map((each) => each.split("="));
    state.selection.quota = pairs.length ? Object.fromEntries(pairs.map(([group, count]) => [group.trim(), Number(count)])) : null;
    changed();
  });
  const quotas = make("label.wide", {}, make("span", {}, "Quota of each group"), quota);
  const fold = make("details.selection", { open: isOn(state.selection) },
    make("summary", {}, make("h2", {}, "Selection"), make("span.note", {}, "budget and balance")),
    make("div.form", {},
      limit("budget", "Budget", "The most pairs in all"),
      choose("mode", "Shared", MODES),
      choose("balance", "Among", [["theme subtheme", "subthemes"], ["theme", "themes"], ["subtheme", "their names"]],
        (value) => value.split(" "), (value) => value.join(" ")),
      choose("rank_by", "Best first by", [["", "mean score"], ...description.criteria.map((each) => [each.name, words(each.name)])],
        (value) => value || null, (value) => value ?? ""),
      limit("per_source_clip", "Per clip", "The most pairs of one source clip"),
      limit("per_prompt", "Per prompt", "The most pairs of one prompt"),
      quotas));
  place.append(make("section", { "aria-label": "Selection" }, fold, result));

  let last = ""; // what was asked last: the choice, and the decisions by hand that it goes with
  let waiting = 0;
  async function count(choice, asked) {
    result.classList.add("waiting");
    try {
      const answer = await (await ask(`/api/select?choice=${encodeURIComponent(choice)}`)).json();
      if (asked !== last) return;
      const bytes = Uint8Array.from(atob(answer.bits), (each) => each.charCodeAt(0));
      samples.selected = new Uint8Array(samples.count);
      for (let row = 0; row < samples.count; row += 1) samples.selected[row] = (bytes[row >> 3] >> (row & 7)) & 1;
      draw(answer);
    } catch (error) {
      if (asked !== last) return;
      samples.selected = null;
      result.replaceChildren(make("p.failed", {}, error.message));
    }
    result.classList.remove("waiting");
    changed();
  }

  function draw({ kept, lacking, candidates, selected, limits, groups }) {
    const why = [
      ...Object.entries(lacking).map(([reason, count]) => `${number.format(count)} ${words(reason)}`),
      ...Object.entries(limits).map(([reason, count]) => `${number.format(count)} beyond ${words(reason)}`),
    ];
    result.replaceChildren(
      make("p", {}, make("b", {}, number.format(selected)), ` selected of ${number.format(candidates)} that could be exported`),
      make("p.note", {}, `${number.format(kept)} kept${why.length ? `, less ${why.join(", ")}` : ""}`),
      make("details", {}, make("summary", {}, `${groups.length} groups`),
        make("table.groups", {}, ...groups.map(([name, all, taken]) => make("tr", {},
          make("td", {}, name), make("td", {}, number.format(taken)), make("td.note", {}, `of ${number.format(all)}`))))));
  }

  return () => {
    quotas.hidden = state.selection.mode !== "quota";
    if (!isOn(state.selection)) {
      clearTimeout(waiting);
      if (last !== "") { last = ""; samples.selected = null; result.replaceChildren(); changed(); }
      return;
    }
    const choice = JSON.stringify(parameters(state, description));
    const asked = `${samples.handState} ${choice}`;
    if (asked === last) return;
    last = asked;
    clearTimeout(waiting);
    waiting = setTimeout(() => count(choice, asked), REST_MS);
  };
}

function isOn({ budget, mode, per_source_clip: clip, per_prompt: prompt }) {
  return mode === "quota" || [budget, clip, prompt].some((each) => each !== null && each !== undefined);
}
