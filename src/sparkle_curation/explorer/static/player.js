// A pair side by side, the source in front, with mask and boxes over it.

import { ask, colour, make } from "./dom.js";
import { paintMask, unpackMask } from "./mask_paint.js";
import { makeSync } from "./sync.js";

export function makePlayer(description) {
  const [sourceKind, editedKind] = description.pair;
  const videos = description.kinds.filter((each) => ["mp4", "webm"].includes(each.suffix)).map((each) => each.name);
  const panels = [
    { kind: sourceKind, title: "source" }, { kind: editedKind, title: "edited" },
  ].map((each) => {
    const video = make("video", { muted: true, playsInline: true, preload: "auto", "aria-label": `${each.title} video` });
    const canvas = make("canvas.overlay", { "aria-hidden": "true" });
    const empty = make("p.empty", { hidden: true, role: "status" });
    const facts = make("span");
    const pick = make("select.pick", { "aria-label": `What the ${each.title} panel shows` },
      ...videos.map((kind) => make("option", { value: kind }, kind)));
    pick.value = each.kind;
    const caption = make("figcaption", {}, pick, facts);
    return { ...each, video, canvas, empty, facts, pick, figure: make("figure", {}, make("div.screen", {}, video, canvas, empty), caption) };
  });
  const [leader] = panels;
  const overlay = (name, label) => {
    const box = make("input", { type: "checkbox", id: `show-${name}` });
    box.addEventListener("change", () => { fetchMask(); paint(); });
    return { box, label: make("label", {}, box, label) };
  };
  const showMask = overlay("mask", "mask");
  const showBoxes = overlay("boxes", "boxes");
  const usable = () => panels.filter((each) => each.empty.hidden);
  const sync = makeSync({ videos: () => usable().map((each) => each.video), fps: () => fps, paint: drawFrame });
  const paint = () => sync.repaint();
  const element = make("div.player", {},
    make("div.pair", {}, ...panels.map((each) => each.figure)), sync.bar,
    make("div.options", {}, ...sync.options, showMask.label, showBoxes.label));

  let shown = null; // details of the sample
  let mask = null;
  let fps = 24;

  function say(panel, reason) {
    panel.empty.textContent = reason;
    panel.empty.hidden = !reason;
    panel.video.hidden = Boolean(reason);
    panel.canvas.hidden = Boolean(reason);
    sync.enable();
  }

  function show(details) {
    shown = details;
    mask = null;
    for (const panel of panels) {
      panel.video.pause();
      const media = details.media[panel.kind];
      const size = media?.width_px ? `${media.width_px}×${media.height_px} · ${media.frame_count} frames · ${Number(media.fps?.toFixed(3))} fps` : "";
      panel.facts.textContent = size;
      panel.facts.title = size;
      if (media) {
        say(panel, media.error ? `${panel.kind} is broken: ${media.error}${media.error_detail ? ` (${media.error_detail})` : ""}` : "");
        panel.video.src = `/media/${panel.kind}/${encodeURIComponent(details.id)}`;
      } else {
        panel.video.removeAttribute("src");
        panel.video.load();
        say(panel, `no ${panel.kind} in the available release`);
      }
    }
    fps = details.media[sourceKind]?.fps || details.media[editedKind]?.fps || 24;
    const hasMask = Boolean(details.media[description.mask]);
    showMask.box.disabled = !hasMask;
    showBoxes.box.disabled = details.boxes.length === 0;
    showMask.label.title = hasMask ? "" : "no mask of this sample in the available release";
    showBoxes.label.title = details.boxes.length ? "" : "no boxes of this sample";
    sync.restart();
    fetchMask();
  }

  for (const panel of panels) {
    panel.video.addEventListener("error", async () => {
      if (!panel.video.hasAttribute("src")) return;
      const id = shown.id;
      let reason = `the browser cannot play ${panel.kind}`;
      try { await ask(`/media/${panel.kind}/${encodeURIComponent(id)}`); } catch (error) { reason = error.message; }
      if (shown.id === id && panel.empty.hidden) say(panel, reason);
    });
    sync.add(panel.video);
  }

  for (const panel of panels) {
    panel.pick.addEventListener("change", () => { panel.kind = panel.pick.value; if (shown) show(shown); });
  }

  async function fetchMask() {
    if (!showMask.box.checked || mask || !shown?.media[description.mask]) return;
    const id = shown.id;
    try {
      const buffer = await (await ask(`/api/mask/${encodeURIComponent(id)}`)).arrayBuffer();
      if (shown.id !== id) return;
      mask = unpackMask(buffer);
      paint();
    } catch (error) {
      showMask.label.title = error.message;
      showMask.box.checked = false;
      showMask.box.disabled = true;
    }
  }

  function drawFrame(frame) {
    if (frame !== null) panels.forEach((panel) => drawOverlay(panel, frame));
  }

  function drawOverlay(panel, frame) {
    const { canvas, video } = panel;
    if (canvas.hidden || !video.videoWidth) return;
    // In the pixels of the screen and not in the clip's, so that words are sharp on a small one.
    const ratio = devicePixelRatio || 1;
    [canvas.width, canvas.height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    const scale = Math.min(canvas.width / video.videoWidth, canvas.height / video.videoHeight);
    const size = { width: video.videoWidth * scale, height: video.videoHeight * scale };
    const pen = canvas.getContext("2d");
    pen.translate((canvas.width - size.width) / 2, (canvas.height - size.height) / 2);
    if (showMask.box.checked && mask) paintMask(pen, size, mask, frame);
    if (showBoxes.box.checked && panel === leader) drawBoxes(pen, size, frame, ratio);
  }

  function drawBoxes(pen, size, frame, ratio) {
    const frames = [...new Set(shown.boxes.map((each) => each.frame))];
    const at = frames.reduce((best, each) => (Math.abs(each - frame) < Math.abs(best - frame) ? each : best), frames[0]);
    const letters = 11 * ratio;
    const gap = 3 * ratio;
    pen.font = `${letters}px system-ui, sans-serif`;
    pen.textBaseline = "top";
    const tall = letters + 2 * gap;
    const labels = shown.boxes.filter((each) => each.frame === at).map((each, place) => {
      const tint = colour(`--box-${place % 6}`);
      const [x1, y1, x2, y2] = each.box.map((value, side) => value * (side % 2 ? size.height : size.width));
      pen.strokeStyle = tint;
      pen.lineWidth = 2 * ratio;
      pen.strokeRect(x1, y1, x2 - x1, y2 - y1);
      const wide = pen.measureText(each.label).width + 2 * gap;
      const left = Math.max(Math.min(x1, size.width - wide), 0);
      return { text: each.label, tint, wide, left, top: y1 >= tall ? y1 - tall : Math.min(y1, size.height - tall) };
    });
    // Above its box where there is place, below a label that is there already, and never beyond the picture.
    labels.forEach((label, place) => {
      const others = labels.slice(0, place).filter((each) => each.left < label.left + label.wide && label.left < each.left + each.wide);
      for (const each of others.sort((a, b) => a.top - b.top)) {
        if (Math.abs(each.top - label.top) < tall && each.top + 2 * tall <= size.height) label.top = each.top + tall;
      }
      pen.fillStyle = label.tint;
      pen.fillRect(label.left, label.top, label.wide, tall);
      pen.fillStyle = "#ffffff";
      pen.fillText(label.text, label.left + gap, label.top + gap);
    });
  }

  return { element, show, toggle: sync.toggle, step: sync.step, jump: sync.jump, repaint: sync.repaint };
}
