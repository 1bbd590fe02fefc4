// Decisions by hand: whose they are, what they do to each sample, and the ways to make, undo and list them.

import { ask, make, number } from "./dom.js";

const NONE = 0;
export const KEEP = 1;
export const DROP = 2;

/** The decisions as the server tells them, and what changes them. */
export function makeDecisions(description, samples, { changed, tell, isBlind = false }) {
  const seen = isBlind ? "?blind=yes" : ""; // then the server tells nothing of what others decided
  samples.override = new Uint8Array(samples.count);
  samples.decided = new Uint8Array(samples.count); // 1: somebody decided; 2: and it is stale
  let told = { rows: [], state: "", undo: 0, annotator: "", annotators: [], error: null, alpha: null };
  let byRow = new Map();
  const places = new Map(); // the row of each id that anybody decided about, also of one that was taken back since
  let isBusy = false;

  function take(answer) {
    told = answer;
    samples.handState = told.state;
    samples.override.fill(NONE);
    samples.decided.fill(NONE);
    for (const row of told.kept) samples.override[row] = KEEP;
    for (const row of told.dropped) samples.override[row] = DROP;
    byRow = new Map();
    for (const [row, id, decision, reason, annotator, state, detail] of told.rows) {
      if (row === null) continue;
      places.set(id, row);
      if (!byRow.has(row)) byRow.set(row, []);
      byRow.get(row).push({ id, decision, reason, annotator, state, detail });
      samples.decided[row] |= state === "stale" ? 2 : 1;
    }
    if (told.error) tell(told.error, true);
    changed();
  }

  async function read() {
    take(await (await ask(`/api/decisions${seen}`)).json());
  }

  /** Write, and show what there is then. Where another has written meanwhile nothing is lost: theirs is read, and told. */
  async function write(path, body) {
    if (isBusy) return null;
    isBusy = true;
    try {
      const answer = await (await ask(`${path}${seen}`, { method: "POST", body: JSON.stringify({ state: told.state, ...body }) })).json();
      take(answer);
      return answer;
    } catch (error) {
      tell(error.message, true);
      if (error.status === 409) await read();
      return null;
    } finally {
      isBusy = false;
    }
  }

  /** Decide about samples by their ids: `keep`, `drop`, or null for no decision any more; `more` is told beside it. */
  async function decide(ids, decision, reason = "", more = "") {
    const answer = await write("/api/decisions", { decisions: ids.map((id) => [id, decision, reason]) });
    const what = { keep: "kept", drop: "dropped" }[decision] ?? "left to the thresholds";
    if (answer) tell(`${ids.length === 1 ? ids[0] : `${number.format(ids.length)} samples`} ${what} by hand, as ${told.annotator}.${more} U takes it back.`);
    return Boolean(answer);
  }

  async function undo() {
    const answer = await write("/api/decisions/undo", {});
    if (answer) {
      const ids = answer.undone;
      tell(`Taken back: ${ids.length === 1 ? ids[0] : `${number.format(ids.length)} samples`}.`);
      return ids;
    }
    return [];
  }

  /** Asks before many are dropped: how many, and why. */
  function dropList(idsOf, count) {
    const reason = make("input", { type: "search", placeholder: "why", "aria-label": "Reason of all of them", list: "reasons" });
    const go = make("button.danger", { type: "submit" }, `Drop ${number.format(count)}`);
    const dialog = make("dialog", { "aria-label": "Drop list" },
      make("form", { method: "dialog" },
        make("h2", {}, `Drop ${number.format(count)} ${count === 1 ? "sample" : "samples"} by hand?`),
        make("p.note", {}, `All that are listed, whatever their scores, as ${told.annotator}. Each is a line of overrides.csv; U takes all of them back.`),
        make("label", {}, make("span", {}, "Reason"), reason),
        make("div.buttons", {}, make("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), go)));
    dialog.querySelector("form").addEventListener("submit", async () => {
      await decide(await idsOf(), "drop", reason.value);
    });
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
    reason.focus();
  }

  const reasons = make("datalist", { id: "reasons" });
  document.body.append(reasons);

  return {
    take, read, decide, undo, dropList,
    rowOf: (id) => places.get(id),
    of: (row) => byRow.get(row) ?? [],
    /** What the person before the page decided about a sample. */
    mine: (row) => (byRow.get(row) ?? []).find((each) => each.annotator === told.annotator),
    /** Reasons that were given, most recent first in the list of the inputs. */
    offerReasons() {
      const given = [...new Set(told.rows.map((each) => each[3]).filter(Boolean))].slice(0, 50);
      reasons.replaceChildren(...given.map((value) => make("option", { value })));
    },
    get told() { return told; },
    get isOff() { return description.is_read_only ? "The explorer was started with --read-only." : ""; },
  };
}

/** The bar beside a sample, and what everybody decided about it. */
export function makeDecisionBar(decisions, walk, current) {
  const reason = make("input.why", { type: "search", placeholder: "reason", "aria-label": "Reason of the decision", list: "reasons" });
  const decide = async (word) => {
    const at = current();
    if (!at || decisions.isOff) return;
    const next = walk.next();
    const lack = word === "keep" ? at.lack() : "";
    if (!(await decisions.decide([at.id], word, reason.value, lack && ` It will not be exported all the same: ${lack}.`))) return;
    reason.value = "";
    walk.go(next);
  };
  const undo = async () => {
    if (decisions.isOff) return;
    const ids = await decisions.undo();
    if (ids.length) walk.go(ids.length === 1 ? decisions.rowOf(ids[0]) : current()?.row);
  };
  const off = decisions.isOff;
  const button = (key, title, does) => make("button.decide", { type: "button", title: off || title, disabled: Boolean(off), onclick: does, "aria-keyshortcuts": key },
    make("kbd", {}, key), ` ${title}`);
  const drop = button("D", "Drop", () => decide("drop"));
  const keep = button("K", "Keep", () => decide("keep"));
  const back = button("U", "Undo", undo);
  reason.disabled = Boolean(off);
  const listed = make("ul.listed");
  const element = make("div.decisions", { role: "group", "aria-label": "Decision by hand" },
    make("div.choose", {}, drop, keep, back, reason), listed);
  function repaint() {
    const at = current();
    const all = at ? decisions.of(at.row) : [];
    const own = at && decisions.mine(at.row);
    drop.setAttribute("aria-pressed", String(own?.decision === "drop"));
    keep.setAttribute("aria-pressed", String(own?.decision === "keep"));
    back.disabled = Boolean(off) || !decisions.told.undo;
    decisions.offerReasons();
    listed.replaceChildren(...all.map((each) => make(`li.${each.state}`, { title: each.detail },
      make(`b.${each.decision === "drop" ? "failed" : "passed"}`, {}, each.decision === "drop" ? "dropped" : "kept"), " by ", make("b", {}, each.annotator || "(nobody named)"),
      each.reason ? make("span", { dir: "auto" }, `: ${each.reason}`) : "",
      each.state === "applied" ? "" : make("span.note", {}, ` · ${each.state}${each.detail ? `, ${each.detail}` : ""}`))));
  }
  return { element, repaint, decide, undo };
}

/** What stands in the file of decisions in all: how many, whose, how far people agree, and what is not applied. */
export function makeDecisionSummary(place, decisions, pick) {
  const body = make("div");
  place.append(make("section.by-hand", { "aria-label": "Decisions by hand" }, make("header", {}, make("h2", {}, "By hand")), body));
  return () => {
    const { rows, annotators, alpha, rule, error, annotator } = decisions.told;
    if (error) { body.replaceChildren(make("p.failed", {}, error)); return; }
    if (!rows.length) {
      body.replaceChildren(make("p.note", {}, decisions.isOff || `No decision yet. D drops, K keeps the sample that is shown, as ${annotator || "nobody: start with --annotator NAME"}.`));
      return;
    }
    const count = (state) => rows.filter((each) => each[5] === state).length;
    const gone = rows.filter((each) => each[0] === null);
    const stale = count("stale");
    body.replaceChildren(
      make("p.note", {}, `${number.format(rows.length)} ${rows.length === 1 ? "decision" : "decisions"} of ${annotators.map((each) => each || "nobody named").join(", ")}`),
      annotators.length > 1 ? make("p.note", { title: "Krippendorff's alpha, nominal: 1 is full agreement, 0 that of chance" },
        `agreement ${alpha === null ? "has no value yet" : `α = ${alpha.toFixed(2)}`} · rule ${rule}`) : "",
      ...[["stale", "made on other content, not applied"], ["outvoted", "outvoted"], ["unbound", "bound to nothing"]]
        .filter(([state]) => count(state))
        .map(([state, title]) => make("p.note", {}, make("b.imputed", {}, number.format(count(state))), ` ${title}`)),
      gone.length ? make("details", {}, make("summary", {}, `${number.format(gone.length)} of samples that no table knows`),
        ...gone.slice(0, 50).map((each) => make("p.note", {}, `${each[1]} ${each[2]} ${each[4]}`))) : "",
      stale ? make("button.quiet", { type: "button", onclick: () => pick("stale") }, "show the stale ones") : "");
  };
}
