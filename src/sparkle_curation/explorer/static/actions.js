// What is done with a choice: commands to type, parameters to save, ids to take away.

import { ask, make, number, words } from "./dom.js";
import { command, experiment, parameters } from "./state.js";

/** Gives the buttons at the top their work. */
export function makeActions(description, samples, state, { list, kept, refusal, tell }) {
  const field = document.getElementById("command");
  /** Whether the pipeline makes a variant of the choice; says why where it makes none, and then nothing is copied or saved. */
  async function isMade() {
    const why = await refusal();
    if (!why) return true;
    field.hidden = true;
    field.textContent = "";
    tell(`This choice makes no variant, so it is neither copied nor saved: ${why}`, true);
    return false;
  }

  async function copy(make, told) {
    if (!(await isMade())) return;
    const text = make(state, description);
    field.textContent = text;
    field.hidden = false;
    try {
      await navigator.clipboard.writeText(text);
      tell(`Copied. ${told}`);
    } catch {
      tell("The browser does not let a page copy here; take it from below:");
    }
  }

  document.getElementById("copy").addEventListener("click", () => copy(command, "It makes this variant:"));
  const dvc = document.getElementById("copy-dvc");
  if (description.run_options.some((each) => each !== "threshold=")) {
    dvc.disabled = true;
    dvc.title = "DVC's stages have the roots and the environment of conf/base; this explorer was started with others.";
  }
  dvc.addEventListener("click", () => copy(experiment, "It makes this variant as an experiment of DVC:"));

  const save = document.getElementById("save");
  if (description.is_read_only || !description.parameters_file) {
    save.disabled = true;
    save.title = description.is_read_only ? "The explorer was started with --read-only." : "This explorer has no file of parameters.";
  } else save.title = `Into ${description.parameters_file}`;
  save.addEventListener("click", async () => {
    if (!(await isMade())) return;
    const values = parameters(state, description);
    const dialog = make("dialog", { "aria-label": "Save as parameters" },
      make("form", { method: "dialog" },
        make("h2", {}, `Save into ${description.parameters_file}?`),
        make("ul.listed", {}, ...described(values).map((each) => make("li", {}, each))),
        make("p.note", {}, "Its comments and all else stay as they are. Then kedro run --pipelines curate makes this variant, and git has the change."),
        make("div.buttons", {}, make("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), make("button.primary", { type: "submit" }, "Save"))));
    dialog.querySelector("form").addEventListener("submit", async () => {
      try {
        const answer = await (await ask("/api/parameters", { method: "POST", body: JSON.stringify({ values }) })).json();
        const above = Object.entries(answer.above).map(([name, where]) => `${where} says otherwise of ${name}, and prevails`);
        tell([answer.changes.length ? `Saved into ${answer.file}: ${answer.changes.join(", ")}.` : `${answer.file} said so already.`, ...above].join(" "), above.length > 0);
      } catch (error) {
        tell(error.message, true);
      }
    });
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  });

  const choose = document.getElementById("export");
  choose.addEventListener("change", async () => {
    const kind = choose.value;
    choose.value = "";
    const ids = (await (await ask("/api/ids")).text()).split("\n");
    const rows = list.rows();
    const text = { txt: asIds, csv: asTable, jsonl: asLines }[kind](rows, ids);
    const type = { txt: "text/plain", csv: "text/csv", jsonl: "application/x-ndjson" }[kind];
    const link = make("a", { href: URL.createObjectURL(new Blob([text], { type })), download: `${state.show}_ids.${kind}` });
    link.click();
    URL.revokeObjectURL(link.href);
    tell(`${number.format(rows.length)} ids went to ${link.download}.`);
  });

  const asIds = (rows, ids) => Array.from(rows, (row) => `${ids[row]}\n`).join("");

  function record(row, ids) {
    const scores = description.criteria.map((each, which) => [`${each.name}_score`, Number.isNaN(samples.scores[which][row]) ? null : samples.scores[which][row]]);
    return {
      id: ids[row], theme: description.themes[samples.themes[row]].name,
      subtheme: samples.subthemes[row] ? description.subthemes[samples.subthemes[row] - 1].name : null,
      is_kept: kept()[row] === 1,
      override: [null, "keep", "drop"][samples.override[row]],
      ...Object.fromEntries(scores),
    };
  }

  function asTable(rows, ids) {
    const cell = (value) => {
      const text = value === null ? "" : String(value);
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    const records = Array.from(rows, (row) => record(row, ids));
    const head = Object.keys(records[0] ?? { id: "", theme: "", subtheme: "", is_kept: "", override: "" });
    return [head, ...records.map(Object.values)].map((line) => `${line.map(cell).join(",")}\n`).join("");
  }

  const asLines = (rows, ids) => Array.from(rows, (row) => `${JSON.stringify(record(row, ids))}\n`).join("");
}

/** Parameters as a person reads them. */
function described(values) {
  return Object.entries(values).filter(([, value]) => value !== null).flatMap(([name, value]) => {
    if (typeof value !== "object") return [`${words(name)}: ${value}`];
    const inside = Object.entries(value).filter(([, each]) => each !== null);
    return inside.length ? [`${words(name)}: ${inside.map(([key, each]) => `${words(key)} ${Array.isArray(each) ? each.join(" and ") : typeof each === "object" ? Object.entries(each).map((side) => side.map((word) => String(word).replaceAll("_", " ")).join(" ")).join(" ") : each}`).join(", ")}`] : [`${words(name)}: as published`];
  });
}
