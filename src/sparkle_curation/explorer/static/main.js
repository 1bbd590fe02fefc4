// The page: numbers fetched once, then counted here at every move of a slider.

import { makeActions } from "./actions.js";
import { startBlind } from "./blind.js";
import { makeComparison } from "./compare.js";
import { isFloor, makeControls } from "./controls.js";
import { makeDecisions, makeDecisionSummary } from "./decisions.js";
import { makeDetail } from "./detail.js";
import { ask, make, number, signed, words } from "./dom.js";
import { makeList } from "./list.js";
import { applyThresholds, count, distances, outOfBounds, takeExportable, unpack } from "./rule.js";
import { readState, takeToken, writeState } from "./state.js";

const MANY = 500_000; // from here on ordering takes longer than a hand that moves a slider rests
const LATER_MS = 90; // the list is ordered anew when a slider has come to rest

async function start() {
  takeToken();
  const [description, buffer, told] = await Promise.all([
    ask("/api/description").then((answer) => answer.json()),
    ask("/api/samples").then((answer) => answer.arrayBuffer()),
    ask("/api/decisions").then((answer) => answer.json()),
  ]);
  const samples = Object.assign(unpack(buffer, description), { place: -1 });
  const { criteria } = description;
  const state = readState(description);
  const kept = new Uint8Array(samples.count);
  const distance = new Float64Array(samples.count);
  document.title = `${description.title} · explorer`;
  document.getElementById("title").textContent = description.title;

  let isWaiting = false;
  let later = 0;
  const choice = () => ({ thresholds: state.thresholds, missing: state.missing, imputed: state.imputed });
  function changed() {
    if (!isWaiting) {
      isWaiting = true;
      requestAnimationFrame(() => { isWaiting = false; recount(); });
    }
    clearTimeout(later);
    later = setTimeout(refilter, samples.count < MANY ? LATER_MS : 4 * LATER_MS);
  }

  function recount() {
    outOfBounds(samples, description.signals, state.bounds, description.policies.missing_signals, samples.out);
    applyThresholds(samples, criteria, choice(), kept);
    const counts = count(samples, kept, description);
    controls.paint(kept, counts);
    const isLeast = description.themes.some((_, which) => isFloor(description, state, which));
    summarize(counts.total, isLeast, { ...controls.selecting, isLookedAt: samples.isLookedAt });
    detail.repaint(kept);
  }

  function decided() {
    changed();
    summary();
  }

  function refilter() {
    comparison.repaint();
    list.filter(kept, distances(samples, criteria, choice(), distance));
    writeState(state, description);
  }

  async function choose(row, known) {
    const id = known ?? (await (await ask(`/api/texts?rows=${row}`)).json())[0][0];
    state.id = id;
    writeState(state, description);
    await detail.show(id);
  }

  /** Where the list goes on after a decision: to the next sample, however the list is ordered by then. */
  const walk = {
    next: () => list.next(),
    go(row) { clearTimeout(later); recount(); refilter(); list.go(row); },
  };
  const decisions = makeDecisions(description, samples, { changed: decided, tell });
  const detail = makeDetail(document.getElementById("detail"), description, samples, state, { decisions, walk });
  const controls = makeControls(document.getElementById("controls"), description, samples, state, { changed, tell });
  const comparison = makeComparison(document.getElementById("controls"), description, samples, state, { changed, tell });
  const list = makeList(document.getElementById("list"), description, samples, state, { decisions, comparison, changed, chosen: choose });
  const summary = makeDecisionSummary(document.getElementById("controls"), decisions, (name) => { state.show = name; changed(); });
  decisions.take(told);

  makeActions(description, samples, state, { list, kept: () => kept, refusal: controls.refusal, tell });
  if (state.faults.length) tell(state.faults.join(" "), true);
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (document.querySelector("dialog[open]")) return;
    const isTyping = event.target.matches("input, select, textarea");
    if (event.key === "/" && !isTyping) { document.querySelector(".search").focus(); event.preventDefault(); return; }
    if (event.key === "Escape" && isTyping) { event.target.blur(); return; }
    const does = {
      ArrowDown: () => list.move(1), ArrowUp: () => list.move(-1),
      PageDown: () => list.move(10), PageUp: () => list.move(-10),
      " ": () => detail.player.toggle(), ",": () => detail.player.step(-1), ".": () => detail.player.step(1),
      d: () => detail.decide("drop"), k: () => detail.decide("keep"),
      u: () => detail.undo(),
      ArrowLeft: () => detail.player.step(-1), ArrowRight: () => detail.player.step(1),
    }[event.key];
    const isPressing = event.key === " " && event.target.matches("button, summary");
    if (!does || isTyping || isPressing) return;
    event.preventDefault();
    does();
  });
  window.addEventListener("resize", () => detail.player.repaint());

  recount();
  document.body.dataset.counted = "yes";
  const looking = lookBeyond();
  if (state.against) {
    const { why } = state;
    await comparison.compare(state.against);
    state.why = why;
  }
  if (state.q) await list.find();
  refilter();
  if (state.id) {
    const details = await detail.show(state.id);
    if (details) { samples.place = details.place; refilter(); }
  } else list.first();
  await looking;
  document.body.dataset.ready = "yes";

  /** What could be exported, which the server finds out while the page is used already. */
  async function lookBeyond() {
    try {
      takeExportable(samples, await (await ask("/api/exportable")).arrayBuffer());
      recount();
      refilter();
      await detail.lookAgain();
    } catch (error) {
      tell(`What could be exported is not known. ${error.message}`, true);
    }
  }
}

function tell(text, isFault = false) {
  const told = document.getElementById("told");
  told.textContent = text;
  told.classList.toggle("failed", isFault);
}

/** The counts at the top. `isLeast`: the score files lack what a looser threshold would bring, so the number is the least that it
 *  can be. `isLookedAt` and the others: how far the server is with what can be exported and what is selected. */
function summarize(total, isLeast, { isLookedAt, refused, isWaiting, isOn }) {
  const put = (id, text) => { document.getElementById(id).textContent = text; };
  put("kept", `${isLeast ? "≥ " : ""}${number.format(total.kept)}`);
  put("known", `of ${number.format(total.known)} kept`);
  const least = isLeast && !isOn; // a budget is what it is
  const exported = document.getElementById("exported");
  exported.className = refused ? "failed" : "";
  if (!isLookedAt) exported.textContent = "looking what can be exported …";
  else exported.replaceChildren(...(refused ? [`no variant: ${refused}`] : [
    "→ ", make("b", {}, `${least ? "≥ " : ""}${number.format(total.exported)}`), ` exported${isWaiting ? ", selecting …" : ""}`]));
  for (const id of ["comes", "goes"]) document.getElementById(id).hidden = Boolean(refused) || isWaiting || !isLookedAt;
  put("comes", `${signed(total.comes) || "0"}${least ? " or more" : ""} come`);
  put("goes", `${signed(-total.goes) || "0"} go`);
  put("present", `present variant ${number.format(total.present)}`);
  const told = Object.entries(total.lacking).map(([lack, count]) => `${number.format(count)} ${lack === "signal" ? "out of bounds" : words(lack)}`);
  if (total.unseen) told.push(`${number.format(total.unseen)} exported without a look into their files`);
  put("lacking", refused || !isLookedAt ? "" : told.join(" · "));
}

const isBlind = new URLSearchParams(location.search).get("blind") === "audit";
(isBlind ? startBlind(tell) : start()).catch((error) => {
  document.body.dataset.ready = "failed";
  tell(error.message);
});
