// Budget and balance after the thresholds: counted by the server, with the steps of the pipeline, when all has come to rest.

import { ask, make, number, numberBox, words } from "./dom.js";
import { parameters } from "./state.js";

const REST_MS = 350;
const MODES = [["even", "evenly"], ["proportional", "by size"], ["quota", "by quota"]];

/** The form of the selection, and beside it what comes out. Gives what asks anew (`repaint`), where that stands (`standing`:
 *  `isOn`, `isWaiting`, and `refused`, why there is no variant by it), and `refusal`, why a choice makes no variant at all. */
export function makeSelection(place, description, samples, state, { changed }) {
  samples.selected = null; // 1 for each selected sample, once there is a selection
  const standing = { isOn: false, isWaiting: false, refused: "" };
  if (!description.selection) return { standing, repaint() {}, refusal: async () => "" };
  const query = () => JSON.stringify(parameters(state, description));
  const result = make("div.result", { role: "status" });
  const limit = (name, label, title) => {
    const { box, fault } = numberBox({ placeholder: "all", "aria-label": title }, { low: 1, isWhole: true }, (value) => {
      state.selection[name] = value ?? null;
      changed();
    });
    box.value = state.selection[name] ?? "";
    return make("label", { title }, make("span", {}, label), box, fault);
  };
  const choose = (name, label, allowed, read = (value) => value, show = (value) => value) => {
    const select = make("select", { "aria-label": label }, ...allowed.map(([value, text]) => make("option", { value }, text)));
    select.value = show(state.selection[name]);
    select.addEventListener("change", () => { state.selection[name] = read(select.value); changed(); });
    return make("label", {}, make("span", {}, label), select);
  };
  const quota = make("input", { type: "text", placeholder: "season/winter=100 season/autumn=50", "aria-label": "Quota of each group", spellcheck: "false" });
  quota.value = Object.entries(state.selection.quota ?? {}).map((each) => each.join("=")).join(" ");
  const quotaFault = make("small.failed", { role: "alert", hidden: true });
  quota.addEventListener("change", () => {
    const pairs = quota.value.split(/\s+(?=[^=]*=)/).filter((each) => each.trim()).map((each) => [each.slice(0, each.lastIndexOf("=")).trim(), each.slice(each.lastIndexOf("=") + 1).trim()]);
    const wrong = pairs.find(([group, count]) => !group || !/^\d+$/.test(count));
    quotaFault.hidden = !wrong;
    if (wrong) { quotaFault.textContent = `“${wrong.filter(Boolean).join("=")}” is no group=count, with a whole number from 0 up; the quotas stay as they were`; return; }
    state.selection.quota = pairs.length ? Object.fromEntries(pairs.map(([group, count]) => [group, Number(count)])) : null;
    changed();
  });
  const quotas = make("label.wide", {}, make("span", {}, "Quota of each group"), quota, quotaFault);
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
      Object.assign(standing, { isWaiting: false, refused: "" });
      const bytes = Uint8Array.from(atob(answer.bits), (each) => each.charCodeAt(0));
      samples.selected = new Uint8Array(samples.count);
      for (let row = 0; row < samples.count; row += 1) samples.selected[row] = (bytes[row >> 3] >> (row & 7)) & 1;
      draw(answer);
    } catch (error) {
      if (asked !== last) return;
      samples.selected = null;
      Object.assign(standing, { isWaiting: false, refused: error.message });
      result.replaceChildren(make("p.failed", {}, error.message));
    }
    result.classList.remove("waiting");
    changed();
  }

  function draw({ kept, lacking, candidates, selected, unseen, limits, groups }) {
    const why = [
      ...Object.entries(lacking).map(([reason, count]) => `${number.format(count)} ${words(reason)}`),
      ...Object.entries(limits).map(([reason, count]) => `${number.format(count)} beyond ${words(reason)}`),
    ];
    result.replaceChildren(
      make("p", {}, make("b", {}, number.format(selected)), ` selected of ${number.format(candidates)} that could be exported`),
      unseen ? make("p.imputed", {}, `${number.format(unseen)} of them count as loadable although no preflight could look into their files`) : "",
      make("p.note", {}, `${number.format(kept)} kept${why.length ? `, less ${why.join(", ")}` : ""}`),
      make("details", {}, make("summary", {}, `${groups.length} groups`),
        make("table.groups", {}, ...groups.map(([name, all, taken]) => make("tr", {},
          make("td", {}, name), make("td", {}, number.format(taken)), make("td.note", {}, `of ${number.format(all)}`))))));
  }

  function repaint() {
    quotas.hidden = state.selection.mode !== "quota";
    standing.isOn = isOn(state.selection);
    if (!standing.isOn) {
      clearTimeout(waiting);
      Object.assign(standing, { isWaiting: false, refused: "" });
      if (last !== "") { last = ""; samples.selected = null; result.replaceChildren(); changed(); }
      return;
    }
    const choice = query();
    const asked = `${samples.handState} ${choice}`;
    if (asked === last) return;
    last = asked;
    standing.isWaiting = true;
    clearTimeout(waiting);
    waiting = setTimeout(() => count(choice, asked), REST_MS);
  }

  /** Why the choice of now makes no variant, by the steps of the pipeline; empty for one that does. */
  async function refusal() {
    try {
      await ask(`/api/select?choice=${encodeURIComponent(query())}`);
      return "";
    } catch (error) {
      return error.message;
    }
  }

  return { standing, repaint, refusal };
}

function isOn({ budget, mode, per_source_clip: clip, per_prompt: prompt }) {
  return mode === "quota" || [budget, clip, prompt].some((each) => each !== null && each !== undefined);
}
