// A tracked mask in step with its clip: alone, beside the released one, both, their difference; and a strip of measures.

import { ask, colour, make } from "./dom.js";
import { paintBoth, paintDifference, paintMask, RELEASED, RERUN, unpackMask } from "./mask_paint.js";
import { makeSync } from "./sync.js";

const rgb = (parts) => `rgb(${parts.join(" ")})`;

export function makeMaskView(sourceKind) {
  const video = make("video", { muted: true, playsInline: true, preload: "auto", "aria-label": "source video" });
  const empty = make("p.empty", { hidden: true, role: "status" });
  const panel = (name, title, ...inside) => {
    const canvas = make(`canvas.${inside.length ? "overlay" : "frame"}`, { role: "img", "aria-label": title });
    const note = make("p.empty", { hidden: true });
    const figure = make("figure", { "data-panel": name }, make("div.screen", {}, ...inside, canvas, note), make("figcaption", {}, title));
    return { name, canvas, note, figure };
  };
  const panels = [
    panel("rerun", "tracked here", video, empty), panel("released", "released"),
    panel("both", "both outlines"), panel("difference", "difference"),
  ];
  const sync = makeSync({ videos: () => (empty.hidden ? [video] : []), fps: () => shown?.fps || 24, paint: draw });
  const showBoxes = make("input", { type: "checkbox", checked: true, id: "show-boxes" });
  const strip = make("canvas.strip", { role: "img", title: "Click to go to a frame" });
  const key = (parts, title) => {
    const mark = make("i");
    mark.style.setProperty("background", parts);
    return make("span", {}, mark, title);
  };
  const legend = make("div.legend.note", {},
    key(rgb(RERUN), "area tracked here"), key(rgb(RELEASED), "area released"), key("var(--faint)", "IoU of the two, from below"),
    make("span", {}, "▼ anchor, ◆ the one that agrees least"), key("var(--failed)", "empty frame"));
  const element = make("div.mask-view", {},
    make("div.panels", {}, ...panels.map((each) => each.figure)), sync.bar,
    make("div.options", {}, ...sync.options, make("label", {}, showBoxes, "boxes of the anchors")), strip, legend);
  let shown = null;
  let masks = {};
  let at = 0;

  sync.add(video);
  showBoxes.addEventListener("change", () => sync.repaint());
  video.addEventListener("error", async () => {
    if (!video.hasAttribute("src")) return;
    const { id } = shown;
    let reason = "the browser cannot play the source";
    try { await ask(`/media/${sourceKind}/${encodeURIComponent(id)}`); } catch (error) { reason = error.message; }
    if (shown.id !== id) return;
    say(reason);
  });
  strip.addEventListener("click", (event) => {
    if (!shown?.frame_count) return;
    sync.pause();
    sync.show(Math.floor((event.offsetX / strip.clientWidth) * shown.frame_count));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => sync.repaint());
  new ResizeObserver(() => drawStrip()).observe(strip);

  function say(reason) {
    empty.textContent = reason;
    empty.hidden = !reason;
    video.hidden = Boolean(reason);
    sync.enable();
  }

  async function show(sample) {
    shown = sample;
    masks = {};
    at = 0;
    video.pause();
    say("");
    video.src = `/media/${sourceKind}/${encodeURIComponent(sample.id)}`;
    sync.restart();
    const has = { rerun: !sample.error && !sample.faults.rerun, released: !sample.error && !sample.faults.released };
    const reasons = { rerun: sample.error ? "no mask was tracked" : sample.faults.rerun, released: sample.error ? "not compared" : sample.faults.released };
    for (const each of panels) {
      const needs = ["rerun", "released"].filter((which) => each.name === which || each.name === "both" || each.name === "difference");
      const lacking = needs.find((which) => !has[which]);
      each.note.textContent = lacking ? reasons[lacking] : "";
      each.note.hidden = !lacking || each.name === "rerun"; // the clip is seen in that one, whatever there is
      each.canvas.hidden = Boolean(lacking) && each.name !== "rerun";
      each.figure.hidden = Boolean(lacking) && ["both", "difference"].includes(each.name);
    }
    drawStrip();
    await Promise.all(Object.keys(has).filter((which) => has[which]).map(async (which) => {
      const buffer = await (await ask(`/api/masks/small/${which}/${encodeURIComponent(sample.id)}`)).arrayBuffer();
      if (shown === sample) masks[which] = unpackMask(buffer);
    }));
    if (shown === sample) sync.repaint();
  }

  function draw(frame) {
    if (frame === null || !shown || !video.videoWidth) return;
    at = frame;
    const { rerun, released } = masks;
    for (const { name, canvas } of panels) {
      if (canvas.hidden) continue;
      const ratio = devicePixelRatio || 1;
      [canvas.width, canvas.height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
      const scale = Math.min(canvas.width / video.videoWidth, canvas.height / video.videoHeight);
      const size = { width: video.videoWidth * scale, height: video.videoHeight * scale };
      const pen = canvas.getContext("2d");
      pen.translate((canvas.width - size.width) / 2, (canvas.height - size.height) / 2);
      if (name !== "rerun") pen.drawImage(video, 0, 0, size.width, size.height);
      if (name === "rerun" && rerun) paintMask(pen, size, rerun, frame);
      if (name === "released" && released) paintMask(pen, size, released, frame, RELEASED);
      if (name === "both" && rerun && released) paintBoth(pen, size, rerun, released, frame);
      if (name === "difference" && rerun && released) paintDifference(pen, size, rerun, released, frame);
      if (name === "rerun" && showBoxes.checked) drawBoxes(pen, size, frame, ratio);
    }
    drawStrip();
  }

  /** Those of the nearest anchor: in full on its frame, dashed elsewhere. */
  function drawBoxes(pen, size, frame, ratio) {
    const near = shown.anchors.reduce((best, each) => (!best || Math.abs(each.frame_index - frame) < Math.abs(best.frame_index - frame) ? each : best), null);
    if (!near) return;
    pen.lineWidth = 2 * ratio;
    pen.setLineDash(near.frame_index === frame ? [] : [5 * ratio, 4 * ratio]);
    near.boxes.forEach(([x1, y1, x2, y2], place) => {
      pen.strokeStyle = colour(`--box-${place % 6}`);
      const [across, down] = [size.width / shown.width_px, size.height / shown.height_px];
      pen.strokeRect(x1 * across, y1 * down, (x2 - x1) * across, (y2 - y1) * down);
    });
  }

  function drawStrip() {
    const ratio = devicePixelRatio || 1;
    [strip.width, strip.height] = [Math.round(strip.clientWidth * ratio), Math.round(strip.clientHeight * ratio)];
    if (!shown) return;
    const { share, released_share: theirs, iou } = shown.frames;
    const count = shown.frame_count || 1;
    const pen = strip.getContext("2d");
    const [wide, tall, top] = [strip.width, strip.height, 14 * ratio];
    const left = (frame) => (frame / count) * wide;
    const step = wide / count;
    const most = Math.max(...(share ?? [0]), ...(theirs ?? [0]), 1e-9);
    pen.fillStyle = colour("--faint");
    pen.globalAlpha = 0.45;
    iou?.forEach((value, frame) => pen.fillRect(left(frame), tall - value * (tall - top), Math.max(step - ratio, 1), value * (tall - top)));
    pen.globalAlpha = 0.8;
    pen.fillStyle = colour("--failed");
    share?.forEach((value, frame) => { if (!value) pen.fillRect(left(frame), tall - 5 * ratio, Math.max(step, 2), 5 * ratio); });
    pen.globalAlpha = 1;
    for (const [values, tint] of [[theirs, RELEASED], [share, RERUN]]) {
      if (!values) continue;
      pen.strokeStyle = rgb(tint);
      pen.lineWidth = 2 * ratio;
      pen.beginPath();
      values.forEach((value, frame) => pen.lineTo(left(frame + 0.5), tall - (value / most) * (tall - top) * 0.96));
      pen.stroke();
    }
    const least = shown.measures.find(([name]) => name === "worst_anchor_frame")?.[1];
    pen.fillStyle = colour("--ink");
    pen.textAlign = "center";
    pen.textBaseline = "top";
    pen.font = `${10 * ratio}px system-ui, sans-serif`;
    for (const { frame_index: frame } of shown.anchors) pen.fillText(frame === least ? "◆" : "▼", left(frame + 0.5), ratio);
    pen.fillRect(left(at + 0.5) - ratio / 2, 0, ratio, tall);
    const told = [`frame ${at}`, share && `covered ${(100 * share[at]).toFixed(1)}%`, theirs && `released ${(100 * theirs[at]).toFixed(1)}%`, iou && `IoU ${iou[at]?.toFixed(3)}`];
    strip.setAttribute("aria-label", told.filter(Boolean).join(", "));
  }

  return { element, show, toggle: sync.toggle, step: sync.step, showFrame: sync.show };
}
