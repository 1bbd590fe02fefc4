// An audit, blind: pairs in an order that tells nothing, without scores, verdicts, versions and what others decided.

import { makeDecisions } from "./decisions.js";
import { ask, make, number } from "./dom.js";
import { makePlayer } from "./player.js";
import { takeToken } from "./state.js";

export async function startBlind(tell) {
  takeToken();
  const description = await (await ask("/api/audit")).json();
  const { rows } = description;
  const samples = { count: description.count };
  document.body.classList.add("blind");
  document.title = `${description.title} · blind audit`;
  document.getElementById("title").textContent = description.title;
  document.querySelector("h1 .note").textContent = "blind audit";
  document.querySelector("footer").replaceChildren(...["D bad", "K good", "U undo", "space play", "← → frames", "↑ ↓ pairs"].flatMap((each, which) => {
    const [key, ...rest] = each.split(/ (?=[a-z])/);
    return [make("kbd", {}, key), ` ${rest.join(" ")}`, which < 5 ? " · " : ""];
  }));
  const list = document.getElementById("list");
  const place = document.getElementById("detail");
  if (!rows.length) {
    place.append(make("p.empty", {}, "No sample is drawn. Draw one: kedro run --pipelines audit, then start the explorer again."));
    document.body.dataset.ready = "yes";
    return;
  }
  const player = makePlayer(description);
  const head = make("header.sample");
  const reason = make("input.why", { type: "search", placeholder: "why", "aria-label": "Reason of the decision", list: "reasons" });
  let at = -1;
  const decisions = makeDecisions(description, samples, { changed: draw, tell, isBlind: true });
  const off = decisions.isOff;
  const button = (key, title, does) => make("button.decide", { type: "button", title: off || title, disabled: Boolean(off), onclick: does, "aria-keyshortcuts": key }, make("kbd", {}, key), ` ${title}`);
  const bad = button("D", "Bad", () => judge("drop"));
  const good = button("K", "Good", () => judge("keep"));
  const back = button("U", "Undo", () => undo());
  const progress = make("p", { role: "status" });
  const untold = description.has_prompts ? "" : make("p.note", {}, "Prompts are not shown: one of these samples has none in any table, which would tell it from the others.");
  const items = rows.map(([, id, prompt], which) => make("button.blind-row", { type: "button", onclick: () => show(which) },
    make("span.note", {}, String(which + 1)), make("span.prompt", { dir: "auto" }, prompt), make("b.mine")));
  list.append(make("div.found", {}, progress, untold), make("div.scroll", {}, ...items));
  place.append(head, make("div.decisions", { role: "group", "aria-label": "Is this pair good?" }, make("div.choose", {}, bad, good, back, reason)), player.element);

  const mine = (which) => decisions.mine(rows[which][0]);
  const judged = () => rows.filter((_, which) => mine(which)).length;

  function draw() {
    if (at < 0) return;
    progress.textContent = `${number.format(judged())} of ${number.format(rows.length)} judged as ${decisions.told.annotator || "nobody: start with --annotator NAME"}`;
    items.forEach((item, which) => {
      const own = mine(which);
      item.setAttribute("aria-current", String(which === at));
      const said = item.querySelector(".mine");
      said.textContent = own ? (own.decision === "keep" ? "good" : "bad") : "";
      said.className = `mine ${own?.decision === "keep" ? "passed" : "failed"}`;
    });
    const own = mine(at);
    bad.setAttribute("aria-pressed", String(own?.decision === "drop"));
    good.setAttribute("aria-pressed", String(own?.decision === "keep"));
    back.disabled = Boolean(off) || !decisions.told.undo;
  }

  async function show(which) {
    at = Math.min(Math.max(which, 0), rows.length - 1);
    const [, id, prompt] = rows[at];
    items[at].scrollIntoView({ block: "nearest" });
    head.replaceChildren(make("div.head", {}, make("h2", {}, `Pair ${at + 1} of ${rows.length}`)), prompt ? make("p.prompt", { dir: "auto" }, prompt) : "");
    draw();
    try {
      const details = await (await ask(`/api/sample/${encodeURIComponent(id)}?blind=yes`)).json();
      if (rows[at][1] === id) player.show(details);
    } catch (error) {
      tell(error.message, true);
    }
  }

  /** Then on to the next one that is not judged. */
  async function judge(word) {
    if (off || !(await decisions.decide([rows[at][1]], word, reason.value))) return;
    reason.value = "";
    const next = rows.findIndex((_, which) => which > at && !mine(which));
    if (next >= 0) show(next);
    tell(judged() === rows.length ? "All are judged. kedro run --pipelines curate writes what comes out into audit_precision.csv and the card." : "");
  }

  async function undo() {
    if (off) return;
    const [id] = await decisions.undo();
    const which = rows.findIndex((row) => row[1] === id);
    if (which >= 0) show(which);
  }

  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.matches("input, select")) { if (event.key === "Escape") event.target.blur(); return; }
    const does = {
      ArrowDown: () => show(at + 1), ArrowUp: () => show(at - 1), ArrowLeft: () => player.step(-1), ArrowRight: () => player.step(1),
      " ": () => player.toggle(), d: () => judge("drop"), k: () => judge("keep"), u: undo,
    }[event.key];
    if (!does || (event.key === " " && event.target.matches("button"))) return;
    event.preventDefault();
    does();
  });

  at = 0;
  await decisions.read();
  await show(Math.max(rows.findIndex((_, which) => !mine(which)), 0));
  document.body.dataset.ready = "yes";
}
