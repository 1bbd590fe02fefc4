// Tracked masks, the doubtful ones first; each is accepted or refused.

import { ask, make, number, words } from "./dom.js";
import { makeMaskView } from "./mask_view.js";
import { takeToken } from "./state.js";

const PLAIN = { show: "open", sort: "doubt", theme: "", id: "" };
const SHOWN = [["open", "not decided"], ["accepted", "accepted"], ["refused", "refused"], ["stale", "of another mask"], ["faults", "no mask"], ["all", "all"]];

async function start() {
  takeToken();
  const said = new URLSearchParams(location.hash.slice(1));
  const state = Object.fromEntries(Object.entries(PLAIN).map(([name, value]) => [name, said.get(name) ?? value]));
  const place = { list: document.getElementById("list"), detail: document.getElementById("detail"), summary: document.getElementById("summary"), told: document.getElementById("told") };
  const tell = (text, isFault = false) => { place.told.textContent = text; place.told.className = isFault ? "failed" : ""; };
  let rows = [];
  let total = 0;
  let desk = {};
  let sample = null;

  const fetchPart = async (from) => (await ask(`/api/masks?${new URLSearchParams({ show: state.show === "all" ? "" : state.show, sort: state.sort, theme: state.theme, from })}`)).json();
  const first = await fetchPart(0);
  const off = first.is_read_only ? "The explorer was started with --read-only." : first.desk.annotator ? "" : "Start the explorer with a name: kedro explore --annotator NAME";
  document.title = `${first.title} · masks`;
  document.getElementById("title").textContent = first.title;

  const tabs = make("div.tabs");
  const sort = make("select", { "aria-label": "Order" }, ...first.sorts.map(([name, title]) => make("option", { value: name }, title)));
  const theme = make("select", { "aria-label": "Theme" }, make("option", { value: "" }, "all themes"), ...first.themes.map((each) => make("option", { value: each }, words(each))));
  sort.value = state.sort;
  theme.value = state.theme;
  const scroll = make("div.scroll", { tabIndex: 0 });
  place.list.append(make("div.tools", {}, sort, theme), tabs, scroll);
  const view = makeMaskView(first.source);
  const head = make("header.sample");
  const reason = make("input.why", { type: "search", placeholder: "why", "aria-label": "Reason of the decision", disabled: Boolean(off) });
  const button = (key, title, does) => make("button.decide", { type: "button", title: off || title, disabled: Boolean(off), onclick: does, "aria-keyshortcuts": key }, make("kbd", {}, key), ` ${title}`);
  const accept = button("A", "Accept", () => decide("accept"));
  const refuse = button("R", "Refuse", () => decide("refuse"));
  const back = button("U", "Undo", () => undo());
  const decided = make("ul.listed");
  const facts = make("div.facts");
  const whole = make("div.whole", { hidden: true }, head,
    make("div.decisions", { role: "group", "aria-label": "Decision by hand" }, make("div.choose", {}, accept, refuse, back, reason), decided),
    view.element, facts);
  const nothing = make("p.empty");
  place.detail.append(nothing, whole);
  for (const [box, name] of [[sort, "sort"], [theme, "theme"]]) box.addEventListener("change", () => { state[name] = box.value; reload(); });

  function write() {
    const said = new URLSearchParams();
    for (const [name, value] of Object.entries(PLAIN)) if (state[name] !== value) said.set(name, state[name]);
    history.replaceState(null, "", `#${said}`);
  }

  function take(part) {
    rows = part.rows;
    takeHead(part);
    drawList();
  }

  /** All but the rows: who decides, and how many there are of what. */
  function takeHead(part) {
    ({ total, desk } = part);
    const { counts } = part;
    const masks = counts.open + counts.accepted + counts.refused + counts.stale;
    place.summary.textContent = masks + counts.faults
      ? `${number.format(masks)} masks, ${number.format(counts.accepted + counts.refused)} decided${counts.not_asked ? ` · ${number.format(counts.not_asked)} clips were not asked for` : ""}`
      : "";
    tabs.replaceChildren(...SHOWN.filter(([name]) => name === "all" || name === "open" || counts[name] || name === state.show).map(([name, title]) =>
      make("button.tab", { type: "button", "aria-pressed": String(state.show === name), onclick: () => { state.show = name; reload(); } },
        title, make("b", {}, number.format(name === "all" ? masks + counts.faults : counts[name])))));
    if (desk.error) tell(desk.error, true);
    nothing.textContent = masks + counts.faults ? "Nothing to show here." : "No mask was tracked here. Track some: kedro run --pipelines track, then start the explorer again.";
  }

  function drawList() {
    scroll.replaceChildren(...rows.map(([id, , doubt, title, shown, error]) => make("button.review-row", {
      type: "button", "data-id": id, "aria-current": String(id === state.id), onclick: () => choose(id),
    }, make("b", {}, id), make("b", {}, doubt === null ? "" : doubt.toFixed(2)), make("span.note", {}, error ? words(error) : title ?? "no doubt"),
    make(`span.said.${{ accepted: "passed", refused: "failed", stale: "imputed" }[shown] ?? "note"}`, {}, ["accepted", "refused"].includes(shown) ? shown : shown === "stale" ? "of another mask" : ""))),
    listed() < total ? make("button.quiet", { type: "button", onclick: more }, `${number.format(total - listed())} more`) : "");
  }

  /** How many rows are still what is listed: one that was decided about stays where it was until the list is made anew. */
  const listed = () => rows.filter((row) => state.show === "all" || row[4] === state.show).length;

  async function more() {
    const part = await fetchPart(listed());
    const known = new Set(rows.map(([id]) => id));
    rows = [...rows, ...part.rows.filter(([id]) => !known.has(id))];
    takeHead(part);
    drawList();
  }

  /** The list anew; what is chosen stays chosen where it is still listed. */
  async function reload() {
    try { take(await fetchPart(0)); } catch (error) { tell(error.message, true); return; }
    if (!rows.some(([id]) => id === state.id)) await choose(rows[0]?.[0] ?? "");
    write();
  }

  async function choose(id) {
    state.id = id;
    write();
    for (const item of scroll.querySelectorAll(".review-row")) item.setAttribute("aria-current", String(item.dataset.id === id));
    scroll.querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest" });
    // A key that comes before the next mask is seen decides nothing.
    const isSame = sample?.id === id;
    if (!isSame) sample = null;
    if (!id) { whole.hidden = true; nothing.hidden = false; return; }
    try {
      const answer = await (await ask(`/api/masks/sample/${encodeURIComponent(id)}`)).json();
      if (state.id !== id) return;
      sample = answer;
      whole.hidden = false;
      nothing.hidden = true;
      drawHead();
      if (!isSame) await view.show(answer);
    } catch (error) {
      if (state.id !== id) return;
      sample = null;
      whole.hidden = true;
      nothing.hidden = false;
      nothing.textContent = error.message;
    }
  }

  function drawHead() {
    const own = sample.decisions.find((each) => each[3] === desk.annotator && each[4] !== "stale");
    accept.setAttribute("aria-pressed", String(own?.[1] === "accept"));
    refuse.setAttribute("aria-pressed", String(own?.[1] === "refuse"));
    accept.disabled = refuse.disabled = Boolean(off) || Boolean(sample.error);
    back.disabled = Boolean(off) || !desk.undo;
    head.replaceChildren(make("div.head", {}, make("span.pill", {}, sample.theme), make("h2.id", {}, sample.id),
      sample.error ? make("span.tag.goes", {}, words(sample.error)) : ""),
    sample.error ? make("p.failed", {}, `No mask: ${words(sample.error)}${sample.error_detail ? ` (${sample.error_detail})` : ""}.`) : "");
    decided.replaceChildren(...sample.decisions.map(([, word, why, annotator, standing]) => make("li", {},
      make(`b.${word === "refuse" ? "failed" : "passed"}`, {}, `${word}${word.endsWith("e") ? "d" : "ed"}`), " by ", make("b", {}, annotator || "(nobody named)"),
      why ? make("span", { dir: "auto" }, `: ${why}`) : "", standing === "stale" ? make("span.note", {}, " · about another mask, not applied") : standing === "unbound" ? make("span.note", {}, " · of any mask of this sample") : "")));
    facts.replaceChildren(
      make("section.card", { "aria-label": "Doubts" }, make("h3", {}, "Doubts"), make("div.doubts", {}, ...sample.doubts.flatMap(([title, share]) => {
        const fill = make("i.fill.failed");
        fill.style.setProperty("width", `${100 * share}%`);
        return [make("span", {}, title), make("div.gauge", {}, fill), make("b", {}, share.toFixed(3))];
      }))),
      make("section.card", { "aria-label": "Measures" }, make("h3", {}, "Measures"), make("table.whole-table", {}, ...sample.measures.map(([name, value, description]) =>
        make("tr", { title: description }, make("th", {}, words(name)), make("td", {}, name.endsWith("_frame")
          ? make("button.quiet", { type: "button", title: "Show this frame", onclick: () => view.showFrame(value) }, `frame ${value}`)
          : typeof value === "number" ? String(Number(value.toFixed(4))) : value))))),
      make("section.card.wide", { "aria-label": "Made by" }, make("h3", {}, "Made by"), make("p.note", {}, sample.made_by)));
  }

  async function send(path, decisions) {
    try {
      return await (await ask(path, { method: "POST", body: JSON.stringify({ state: desk.state, ...(decisions ? { decisions } : {}) }) })).json();
    } catch (error) {
      tell(error.message, true);
      if (error.status === 409) await reload();
      return null;
    }
  }

  async function decide(word) {
    if (off || !sample || sample.error) return;
    const seen = sample;
    const { id } = seen;
    sample = null; // until it is written: two keys in a row are no two decisions
    if (!(await send("/api/masks/decisions", [[id, word, reason.value]]))) { sample ??= state.id === id ? seen : null; return; }
    reason.value = "";
    const row = rows.find((each) => each[0] === id);
    if (row) row[4] = word === "accept" ? "accepted" : "refused";
    takeHead(await fetchPart(0));
    drawList();
    tell(`${id} is ${row?.[4] ?? word}.`);
    if (state.id !== id) return; // somebody has chosen another one meanwhile
    const at = rows.findIndex((each) => each[0] === id);
    await choose(rows[at + 1]?.[0] ?? id);
  }

  async function undo() {
    if (off) return;
    const answer = await send("/api/masks/decisions/undo");
    if (!answer) return;
    const [id] = answer.undone;
    tell(`The decision about ${id} is taken back.`);
    state.id = id;
    take(await fetchPart(0));
    await choose(id);
  }

  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.matches("input:not([type=checkbox]), select")) { if (event.key === "Escape") event.target.blur(); return; }
    const at = rows.findIndex(([id]) => id === state.id);
    const walk = (by) => { const row = rows[Math.min(Math.max(at + by, 0), rows.length - 1)]; if (row) choose(row[0]); };
    const does = {
      ArrowDown: () => walk(1), ArrowUp: () => walk(-1), ArrowLeft: () => view.step(-1), ArrowRight: () => view.step(1),
      " ": () => view.toggle(), a: () => decide("accept"), r: () => decide("refuse"), u: () => undo(),
    }[event.key];
    if (!does || (event.key === " " && event.target.matches("button"))) return;
    event.preventDefault();
    does();
  });

  take(first);
  await choose(state.id || (rows[0]?.[0] ?? ""));
  document.body.dataset.ready = "yes";
}

start().catch((error) => { document.getElementById("told").textContent = error.message; });
