// Models side by side on one sample of the benchmark; first the samples on which two of them differ most.

import { ask, make, number, words } from "./dom.js";
import { takeToken } from "./state.js";
import { makeSync } from "./sync.js";

const PLAIN = { sort: "difference", theme: "", judge: "0", one: "", other: "", id: "" };
const two = (value) => (value === null || value === undefined ? "–" : value.toFixed(2));
const plus = (value) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(2)}`;

async function start() {
  takeToken();
  const said = new URLSearchParams(location.hash.slice(1));
  const state = Object.fromEntries(Object.entries(PLAIN).map(([name, value]) => [name, said.get(name) ?? value]));
  const told = document.getElementById("told");
  const place = { list: document.getElementById("list"), detail: document.getElementById("detail") };
  const { models, judges, rows } = await (await ask("/api/bench")).json();
  const empty = make("p.empty");
  if (!rows.length || !models.length) {
    empty.textContent = rows.length
      ? "No model's outputs are known. Give their folders in bench_models, then: kedro run --pipelines bench_outputs,bench_evaluate,bench_report"
      : "There is no benchmark here. Read one: kedro run --pipelines bench_ingest";
    place.detail.append(empty);
    document.body.dataset.ready = "yes";
    return;
  }
  // What the address says that there is not is nothing that was chosen.
  if (!models.includes(state.one)) state.one = "";
  if (!models.includes(state.other)) state.other = "";
  if (!(Number(state.judge) in judges)) state.judge = "0";

  const choice = (name, label, options) => {
    const box = make("select", { "aria-label": label }, ...options.map(([value, title]) => make("option", { value }, title)));
    box.value = state[name];
    if (box.selectedIndex < 0) { state[name] = PLAIN[name]; box.value = state[name]; }
    box.addEventListener("change", () => { state[name] = box.value; drawList(); choose(shown.some(([id]) => id === state.id) ? state.id : shown[0]?.[0] ?? ""); });
    return box;
  };
  const named = models.map((each) => [each, each]);
  const tools = make("div.tools", {},
    choice("sort", "Order", [["difference", "largest difference"], ["worst", "lowest score"], ["id", "id"]]),
    choice("theme", "Theme", [["", "all themes"], ...[...new Set(rows.map((row) => row[1]))].map((each) => [each, words(each)])]),
    judges.length > 1 ? choice("judge", "Judge", judges.map(([rubric, judge], which) => [String(which), `${judge}, ${rubric}`])) : "",
    models.length > 2 ? choice("one", "Model", [["", "any model"], ...named]) : "",
    models.length > 2 ? choice("other", "Other model", [["", "any other"], ...named]) : "");
  const scroll = make("div.scroll", { tabIndex: 0 });
  place.list.append(tools, scroll);

  let panels = [];
  let fps = 24;
  const usable = () => panels.filter((each) => each.video && each.empty.hidden).map((each) => each.video);
  const sync = makeSync({ videos: usable, fps: () => fps, paint: () => {} });
  const head = make("header.sample");
  const screens = make("div.panels");
  const answers = make("div.answers");
  const whole = make("div.whole", { hidden: true }, head, screens, sync.bar, make("div.options", {}, ...sync.options), answers);
  empty.hidden = true;
  place.detail.append(empty, whole);
  let shown = [];

  const scoresOf = (row) => row[3][Number(state.judge)] ?? [];

  /** The two models that differ most, or the two that were asked for: `[difference, one, other]`, null without two scores. */
  function difference(row) {
    const known = scoresOf(row).map((each, which) => each && [each[0], which]).filter((each) => each && each[0] !== null);
    const wanted = (which, name) => !name || models[which] === name;
    let best = null;
    for (const [value, which] of known) {
      for (const [less, other] of known) {
        if (which === other || !wanted(which, state.one) || !wanted(other, state.other)) continue;
        const apart = value - less;
        if (!best || Math.abs(apart) > Math.abs(best[0]) || (Math.abs(apart) === Math.abs(best[0]) && apart > best[0])) best = [apart, which, other];
      }
    }
    return best;
  }

  function write() {
    const said = new URLSearchParams();
    for (const [name, value] of Object.entries(PLAIN)) if (state[name] !== value) said.set(name, state[name]);
    history.replaceState(null, "", `#${said}`);
  }

  function drawList() {
    const apart = new Map(rows.map((row) => [row[0], difference(row)]));
    const lowest = (row) => Math.min(...scoresOf(row).map((each) => each?.[0] ?? Infinity));
    shown = rows.filter((row) => !state.theme || row[1] === state.theme).sort((one, other) => (
      state.sort === "difference" ? Math.abs(apart.get(other[0])?.[0] ?? -1) - Math.abs(apart.get(one[0])?.[0] ?? -1)
        : state.sort === "worst" ? lowest(one) - lowest(other) : 0) || (one[0] < other[0] ? -1 : 1));
    document.getElementById("summary").textContent = `${number.format(shown.length)} samples · ${models.length} models${judges.length ? ` · ${judges[Number(state.judge)].slice().reverse().join(", ")}` : " · not judged"}`;
    scroll.replaceChildren(...shown.map(([id, theme], at) => {
      const most = apart.get(id);
      return make("button.review-row", { type: "button", "data-id": id, "aria-current": String(id === state.id), onclick: () => choose(id) },
        make("b", {}, id), make("b", { title: "Difference of two models" }, most ? plus(most[0]) : ""),
        make("span.note", {}, scoresOf(shown[at]).map((each) => (each ? (each[3] ? words(each[3]) : two(each[0])) : "–")).join(" / ")),
        make("span.said.note", {}, words(theme)));
    }));
    write();
  }

  async function choose(id) {
    state.id = id;
    write();
    for (const item of scroll.querySelectorAll(".review-row")) item.setAttribute("aria-current", String(item.dataset.id === id));
    scroll.querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest" });
    if (!id) { whole.hidden = true; return; }
    try {
      const sample = await (await ask(`/api/bench/sample/${encodeURIComponent(id)}`)).json();
      if (state.id !== id) return;
      empty.hidden = true;
      whole.hidden = false;
      draw(sample, rows.find((row) => row[0] === id));
    } catch (error) {
      if (state.id !== id) return;
      whole.hidden = true;
      empty.textContent = error.message;
      empty.hidden = false;
    }
  }

  function screen(sample, { which, title, absent }) {
    const reason = make("p.empty", { role: "status", hidden: !absent }, absent ?? "");
    const media = `/bench/media/${which}/${encodeURIComponent(sample.sample_id)}`;
    if (which === "reference") {
      const picture = make("img", { src: media, alt: "reference image" });
      picture.addEventListener("error", () => { picture.hidden = true; reason.textContent = "the reference image cannot be shown"; reason.hidden = false; });
      return { empty: reason, figure: make("figure", { "data-panel": which }, make("div.screen", {}, picture, reason), make("figcaption", {}, title)) };
    }
    const video = make("video", { muted: true, playsInline: true, preload: "auto", "aria-label": title, hidden: Boolean(absent) });
    const panel = { video, empty: reason, figure: make("figure", { "data-panel": title }, make("div.screen", {}, video, reason), make("figcaption", {}, title)) };
    sync.add(video);
    video.addEventListener("error", async () => {
      let why = `the browser cannot play ${title}`;
      try { await ask(media, { headers: { Range: "bytes=0-0" } }); } catch (error) { why = error.message; }
      reason.textContent = why;
      reason.hidden = false;
      video.hidden = true;
      sync.enable();
    });
    if (!absent) video.src = media;
    return panel;
  }

  function draw(sample, row) {
    panels.forEach((each) => { if (each.video) { each.video.pause(); each.video.removeAttribute("src"); each.video.load(); } });
    fps = sample.fps || 24;
    const [source, ...outputs] = sample.videos;
    const asked = [source, ...(sample.reference ? [{ which: "reference", title: "reference: the new background", absent: null }] : []), ...outputs];
    panels = asked.map((each) => screen(sample, each));
    screens.replaceChildren(...panels.map((each) => each.figure));
    sync.restart();
    sync.enable();
    const most = difference(row);
    head.replaceChildren(make("div.head", {}, make("span.pill", {}, sample.theme), make("h2.id", {}, sample.sample_id),
      make("span.note", { dir: "auto" }, [sample.subtheme, sample.scene].filter(Boolean).join(": "))),
    make("p.prompt", { dir: "auto" }, sample.edit_prompt ?? ""),
    most ? make("p.apart", {}, make("b", {}, models[most[1]]), " less ", make("b", {}, models[most[2]]), ` here: ${plus(most[0])}.`) : "",
    ...sample.differences.filter(({ rubric, judge, model, other_model: other }) => most && judges[Number(state.judge)]?.[0] === rubric && judges[Number(state.judge)][1] === judge
      && [models[most[1]], models[most[2]]].includes(model) && [models[most[1]], models[most[2]]].includes(other)).map((each) => {
      const isTurned = each.model !== models[most[1]];
      const [mean, low, high] = isTurned ? [-each.mean_difference, each.ci_high === null ? null : -each.ci_high, each.ci_low === null ? null : -each.ci_low] : [each.mean_difference, each.ci_low, each.ci_high];
      return make("p.note", {}, `In all ${number.format(each.n_rows)} samples of ${words(sample.theme)}: ${plus(mean)}${low === null ? ", with no interval" : ` [${plus(low)}, ${plus(high)}]`}.`);
    }));
    answers.replaceChildren(...sample.models.map((model, which) => {
      const own = scoresOf(row)[which];
      return make("section.card", { "aria-label": model.name }, make("h3", {}, model.name),
        own ? make("p", {}, make("b", {}, two(own[0])), own[1] === own[2] ? "" : make("span.note", {}, ` ${two(own[1])} to ${two(own[2])} over repeats`), own[3] ? make("b.failed", {}, ` ${words(own[3])}, counted as the worst`) : "") : make("p.note", {}, ["not judged", judges[Number(state.judge)]?.[1]].filter(Boolean).join(" by ")),
        model.copy_of ? make("p.failed", {}, model.copy_of === "source" ? "a copy of the source, byte by byte" : "a copy of another sample's output, byte by byte") : "",
        ...model.answers.map((answer) => make("div.part", {},
          make("p.note", {}, `${answer.judge}, ${answer.rubric}${answer.repeat ? `, repeat ${answer.repeat}` : ""}`),
          answer.scores.length ? make("table", {}, ...answer.scores.map((each) => make("tr", {}, make("td", {}, each.title),
            make("td", {}, String(each.capped_score), each.raw_score !== null && each.raw_score !== each.capped_score ? make("span.note", {}, ` capped from ${each.raw_score}`) : "")))) : make("p.failed", {}, answer.state),
          answer.answer_text ? make("pre", { dir: "auto" }, answer.answer_text) : "")));
    }));
  }

  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.matches("input:not([type=checkbox]), select")) { if (event.key === "Escape") event.target.blur(); return; }
    const at = shown.findIndex(([id]) => id === state.id);
    const walk = (by) => { const row = shown[Math.min(Math.max(at + by, 0), shown.length - 1)]; if (row) choose(row[0]); };
    const does = { ArrowDown: () => walk(1), ArrowUp: () => walk(-1), ArrowLeft: () => sync.step(-1), ArrowRight: () => sync.step(1), " ": () => sync.toggle() }[event.key];
    if (!does || (event.key === " " && event.target.matches("button"))) return;
    event.preventDefault();
    does();
  });

  told.textContent = "";
  drawList();
  await choose(state.id || (shown[0]?.[0] ?? ""));
  document.body.dataset.ready = "yes";
}

start().catch((error) => { document.getElementById("told").textContent = error.message; });
