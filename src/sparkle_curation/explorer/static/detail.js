// The right side: one sample, its pair, its stills, and what every stage and the loader say of it.

import { ask, beside, make, words } from "./dom.js";
import { makeDecisionBar } from "./decisions.js";
import { statusOf } from "./list.js";
import { makePlayer } from "./player.js";
import { lackOf, settleImputed } from "./rule.js";

export function makeDetail(place, description, samples, state, { decisions, walk }) {
  const player = makePlayer(description);
  let details = null;
  const bar = makeDecisionBar(decisions, walk, () => details && { id: details.id, row: details.place, lack });
  const head = make("header.sample");
  const facts = make("div.facts");
  const empty = make("p.empty", {}, "Choose a sample in the list, or walk through it with ↑ and ↓.");
  const whole = make("div.whole", { hidden: true }, head, bar.element, player.element, facts);
  place.append(empty, whole);
  let asked = 0;
  let kept = null;
  let drawn = "";
  let wanted = {};

  /** Show a sample; one that is shown, or on its way, stays as it is, so that its videos play on. */
  function show(id) {
    if (wanted.id !== id || wanted.against !== state.against) wanted = { id, against: state.against, details: fetchAndShow(id) };
    return wanted.details;
  }

  async function fetchAndShow(id) {
    const turn = (asked += 1);
    let answer;
    try {
      answer = await (await ask(`/api/sample/${encodeURIComponent(id)}?against=${encodeURIComponent(state.against)}`)).json();
    } catch (error) {
      if (turn !== asked) return null;
      wanted = {};
      empty.textContent = error.message;
      empty.hidden = false;
      whole.hidden = true;
      return null;
    }
    if (turn !== asked) return null; // another one was chosen meanwhile
    details = answer;
    empty.hidden = true;
    whole.hidden = false;
    player.show(details);
    drawFacts();
    drawHead();
    return details;
  }

  /** Why the sample would not be exported although it is kept, in words; empty for one that would. */
  function lack() {
    const name = lackOf(samples, description, details.place);
    // One that is not kept yet was in no selection; kept by hand it goes first.
    if (name === null || (name === "not_selected" && !kept[details.place])) return "";
    const [found] = name === "unloadable" ? details.preflight : details.obstacle;
    const detail = name === "not_selected" || name === "signal" ? "" : found?.detail;
    return `${name === "signal" ? "a signal is out of bounds" : words(name)}${detail ? ` (${detail})` : ""}`;
  }

  /** Ask anew about a sample that was shown before the server knew what could be exported; its videos play on. */
  async function lookAgain() {
    await wanted.details; // it may have been asked for before and come after
    if (!details || details.is_looked_at) return;
    const { id } = details;
    const answer = await (await ask(`/api/sample/${encodeURIComponent(id)}?against=${encodeURIComponent(state.against)}`)).json();
    if (details.id !== id) return;
    details = answer;
    drawFacts();
    drawHead();
  }

  function drawHead() {
    if (!details || !kept) return;
    bar.repaint();
    const row = details.place;
    const { card } = details;
    const pill = make("span.pill", {}, card.theme);
    pill.style.setProperty("background", card.colour);
    const status = statusOf(samples, description, kept, row);
    // What the card says of the verdict holds at the thresholds of the present variant.
    const verdict = isPresentChoice() && card.verdict && (card.verdict.tone === "passed") === Boolean(kept[row]) ? card.verdict.text : status;
    const why = kept[row] ? lack() : "";
    const said = [samples.override[row] === 0 ? verdict : `${kept[row] ? "kept" : "dropped"} by hand`, why && "not exported"].filter(Boolean).join(", ");
    // The words again where they are others alone: a slider that moves must not lay out the page.
    if (drawn !== `${details.id} ${status} ${said} ${why}`) {
      drawn = `${details.id} ${status} ${said} ${why}`;
      head.replaceChildren(
        make("div.head", {}, pill, make("h2.id", {}, details.id), make("span.note", { dir: "auto" }, card.keyword), make(`span.tag.${status}`, {}, said)),
        make("p.prompt", { dir: "auto" }, card.prompt),
        why ? make("p.failed", {}, `It will not be exported: ${why}.`) : "",
        card.scene ? make("p.note", { dir: "auto", title: "The scene before the edit" }, `before: ${card.scene}`) : "");
    }
    description.criteria.forEach((criterion, which) => {
      facts.querySelector(`[data-criterion="${criterion.name}"]`)?.replaceChildren(...gauge(criterion, which, row));
    });
  }

  function isPresentChoice() {
    const { missing_scores: missing, imputed_scores: imputed } = description.policies;
    return state.missing === (missing === "keep" ? "keep" : "reject") && state.imputed === imputed
      && description.criteria.every((each) => state.thresholds[each.name] === each.present);
  }

  /** What becomes of a score at the thresholds of now: a name of the card's outcomes, and whether the sample ends there. */
  function outcomeOf(criterion, which, row) {
    const score = samples.scores[which][row];
    if (score !== score) return { name: "unscored", ends: state.missing !== "keep" };
    const rejectsImputed = settleImputed(state.imputed, state.thresholds, description.criteria) === "reject";
    if (rejectsImputed && (samples.flags[row] & criterion.imputed) !== 0) return { name: "imputed", ends: true };
    const threshold = state.thresholds[criterion.name];
    const isPassed = criterion.is_at_least ? score >= threshold : score <= threshold;
    return isPassed ? { name: "passed", ends: false } : { name: criterion.is_at_least ? "below" : "above", ends: true };
  }

  /** As on the contact sheet, in the card's words: a bar of the score, a mark at the threshold, the outcome. */
  function gauge(criterion, which, row) {
    const score = samples.scores[which][row];
    const threshold = state.thresholds[criterion.name];
    const isNone = score !== score;
    const goesOn = !description.criteria.slice(0, which + 1).some((each, place) => outcomeOf(each, place, row).ends);
    const { name } = outcomeOf(criterion, which, row);
    const { text: outcome, tone: kind } = details.card.outcomes[name === "unscored" && goesOn ? "let_through" : name];
    const title = details.card.scores.find((each) => each.name === criterion.name)?.title ?? words(criterion.name);
    const share = (value) => `${((value - criterion.low) / (criterion.high - criterion.low)) * 100}%`;
    const fill = make(`i.fill.${kind}`);
    fill.style.setProperty("width", isNone ? "0" : share(score));
    const mark = make("i.threshold");
    mark.style.setProperty("left", share(threshold));
    return [
      // The title says whose score it is, where it is not the release's: the reasons below are.
      make("div.line", {}, make("span", {}, title),
        make("span", {}, make(`b.${kind}`, {}, isNone ? outcome : `${beside(score, threshold)} ${outcome}`))),
      make("div.gauge", {}, fill, mark),
    ];
  }

  function drawFacts() {
    const { stages, faults, preflight, media } = details;
    const [loads] = preflight;
    const stills = description.kinds.filter((each) => ["png", "jpg", "jpeg", "webp"].includes(each.suffix));
    facts.replaceChildren(
      make("section.card", { "aria-label": "Scores" }, make("h3", {}, "Scores"),
        ...description.criteria.map((each) => make("div.criterion-gauge", { "data-criterion": each.name })),
        ...faults.map((each) => make("p.note.imputed", {}, `${words(each.stage)}${each.frame === null ? "" : `, frame ${each.frame}`}: ${words(each.rule)} (${each.evidence})`))),
      details.against ? make("section.card.wide", { "aria-label": "Comparison" }, make("h3", {}, `Since ${state.against}`),
        make("p", {}, make(`b.${details.against[0]}`, {}, details.against[0]), make("span", { dir: "auto" }, ` ${details.against[1]}`))) : "",
      make("section.card", { "aria-label": "Loader" }, make("h3", {}, "Loader"), ...loader(loads)),
      ...details.origin.map(origin),
      make("section.card.wide", { "aria-label": "Stills" }, make("h3", {}, "Stills"),
        make("div.stills", {}, ...stills.map((each) => still(each.name, media[each.name])))),
      ...stages.map((each) => stage(each)));
  }

  function loader(loads) {
    if (!loads) return [make("p.note", {}, details.obstacle.length ? "Not checked: it could not be exported anyhow." : "Not checked: no preflight has looked at this pair.")];
    const kind = loads.is_dropped ? "failed" : loads.outcome === "loads" ? "passed" : "imputed";
    return [
      make(`p.${kind}`, {}, make("b", {}, words(loads.outcome)), loads.is_dropped ? " · the variant goes without it" : ""),
      ...(loads.reasons ?? []).map((each) => make("p.note", {}, words(each))),
      loads.detail ? make("p.note", {}, loads.detail) : "",
    ];
  }

  /** Where a new sample is from: who generated which files, who wrote the prompt, whose clip it was; under which licences. */
  function origin({ clip, prompt, generated }) {
    const makers = new Map();
    for (const each of generated) {
      const maker = [`${each.is_generated ? "generated" : "made"} by ${each.generator}`, each.repository, revision(each), terms(each.licence)].filter(Boolean).join(", ");
      makers.set(maker, [...(makers.get(maker) ?? []), words(each.kind)]);
    }
    const source = [clip.clip, terms(clip.licence), clip.creator && `by ${clip.creator}`, clip.source_url && `from ${clip.source_url}`];
    const line = (title, text) => make("p", {}, make("b", {}, `${title}: `), make("bdi", {}, text));
    return make("section.card.wide", { "aria-label": "Origin" }, make("h3", {}, "Origin"),
      ...[...makers].map(([maker, kinds]) => line(kinds.join(", "), maker)),
      prompt.model ? line("edit prompt", [`written by ${prompt.model}`, revision(prompt)].filter(Boolean).join(", ")) : "",
      line("source clip", source.filter(Boolean).join(", ")));
  }

  const revision = (each) => each.revision && `revision ${each.revision}`;
  const terms = (licence) => (licence ? `under licence ${licence}` : "licence unknown");

  function still(kind, media) {
    const empty = make("p.empty", { hidden: true });
    const say = (reason) => { empty.textContent = reason; empty.hidden = false; };
    let picture = null;
    if (!media) say(`no ${kind} in the available release`);
    else if (media.error) say(`${kind} is broken: ${media.error}`);
    else {
      picture = make("img", { src: `/media/${kind}/${encodeURIComponent(details.id)}`, alt: words(kind), loading: "lazy" });
      picture.addEventListener("error", () => { picture.remove(); say(`${kind} cannot be shown`); });
    }
    return make("figure", {}, make("div.screen", {}, picture, empty), make("figcaption", {}, kind));
  }

  function stage({ stage: name, title, parts }) {
    const section = make("section.card.wide.stage", { "aria-label": words(name) }, make("h3", {}, words(name)), make("p.note", {}, `${title}, as released`));
    if (!parts.length) section.append(make("p.note", {}, "No scores of this sample in the available release."));
    for (const part of parts) {
      const numbers = Object.entries(part.numbers).map(([key, value]) =>
        make("span.number", {}, make("span.note", {}, words(key)), make("b", {}, value === null ? "–" : String(Number(value.toFixed(4))))));
      const jump = part.frame === null ? null : make("button.quiet", {
        type: "button", title: "Show this frame", onclick: () => player.jump((part.frame + 0.5) / frameRate()),
      }, `frame ${part.frame}`);
      section.append(make("div.part", {}, make("div.numbers", {}, jump, ...numbers),
        ...Object.entries(part.reasons).filter(([, text]) => text).map(([key, text]) =>
          make("p.reason", {}, make("span.note", {}, `${words(key).replace(/ ?reasoning/i, "")} `), make("bdi", {}, text)))));
    }
    return section;
  }

  const frameRate = () => details.media[description.pair[1]]?.fps || details.media[description.pair[0]]?.fps || 24;
  return {
    show,
    lookAgain,
    player,
    decide: bar.decide,
    undo: bar.undo,
    repaint(newKept) { kept = newKept; drawHead(); },
  };
}
