// Two videos as one: a clock, a seek bar, frame steps. The source leads, the edited one follows.

import { ask, colour, make } from "./dom.js";

const SPEEDS = [0.25, 0.5, 1, 2];

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
  const play = make("button", { type: "button", "aria-label": "Play", title: "Space" }, "▶");
  const back = make("button", { type: "button", "aria-label": "One frame back", title: "," }, "‹");
  const forth = make("button", { type: "button", "aria-label": "One frame on", title: "." }, "›");
  const seek = make("input.seek", { type: "range", min: "0", max: "1", step: "any", value: "0", "aria-label": "Time" });
  const time = make("output.time", {}, "0.00 s");
  const speed = make("select", { "aria-label": "Speed" }, ...SPEEDS.map((each) => make("option", { value: String(each) }, `${each}×`)));
  speed.value = "1";
  const loop = make("input", { type: "checkbox", checked: true, id: "loop" });
  const overlay = (name, label) => {
    const box = make("input", { type: "checkbox", id: `show-${name}` });
    box.addEventListener("change", () => { fetchMask(); paint(); });
    return { box, label: make("label", {}, box, label) };
  };
  const showMask = overlay("mask", "mask");
  const showBoxes = overlay("boxes", "boxes");
  const element = make("div.player", {},
    make("div.pair", {}, ...panels.map((each) => each.figure)),
    make("div.seekbar", {}, play, back, forth, seek, time),
    make("div.options", {}, make("label", {}, "speed ", speed), make("label", {}, loop, "loop"), showMask.label, showBoxes.label));

  let shown = null; // details of the sample
  let mask = null;
  let fps = 24;
  let followed = null; // the clock, while its next frame is waited for
  const usable = () => panels.filter((each) => each.empty.hidden);
  const clock = () => usable()[0]?.video;

  function say(panel, reason) {
    panel.empty.textContent = reason;
    panel.empty.hidden = !reason;
    panel.video.hidden = Boolean(reason);
    panel.canvas.hidden = Boolean(reason);
    for (const each of [play, back, forth, seek]) each.disabled = usable().length === 0;
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
        panel.video.playbackRate = Number(speed.value);
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
    seek.value = "0";
    setPlaying(false);
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
    panel.video.addEventListener("loadedmetadata", () => { seek.max = String(clock()?.duration || 1); paint(); });
    panel.video.addEventListener("seeked", () => paint());
    panel.video.addEventListener("ended", () => {
      if (panel.video !== clock()) return;
      if (!loop.checked) { pause(); paint(); return; }
      jump(0);
      usable().forEach((each) => each.video.play().catch(() => setPlaying(false)));
      follow();
    });
  }

  for (const panel of panels) {
    panel.pick.addEventListener("change", () => { panel.kind = panel.pick.value; if (shown) show(shown); });
  }

  function setPlaying(isPlaying) {
    play.textContent = isPlaying ? "❚❚" : "▶";
    play.setAttribute("aria-label", isPlaying ? "Pause" : "Play");
  }

  async function toggle() {
    const main = clock();
    if (!main) return;
    if (main.paused) {
      if (main.ended) jump(0);
      await Promise.allSettled(usable().map((each) => each.video.play()));
      follow();
    } else pause();
  }

  function pause() {
    usable().forEach((each) => each.video.pause());
    if (clock()) align(0.5 / fps);
    setPlaying(false);
  }

  /** The other video to the clock's time, where it is further away; a seek costs a decoder some frames, so one at a time. */
  function align(apart) {
    const main = clock();
    for (const { video } of usable()) {
      if (video === main || video.seeking || Math.abs(video.currentTime - main.currentTime) <= apart) continue;
      video.currentTime = Math.min(main.currentTime, video.duration || 0);
    }
  }

  /** Paint while the clock runs, once a frame of the clip and not of the screen; a page at rest asks for nothing. */
  function follow() {
    const main = clock();
    const isPlaying = Boolean(main) && !main.paused && !main.ended;
    setPlaying(isPlaying);
    if (!isPlaying || main === followed) return;
    followed = main;
    main.requestVideoFrameCallback(() => {
      followed = null;
      if (main !== clock()) return;
      catchUp();
      paint();
      follow();
    });
  }

  /** A drift is walked off by speed where it is small: seeks in a row would keep a slow machine from ever playing. */
  function catchUp() {
    const main = clock();
    for (const { video } of usable()) {
      if (video === main) continue;
      const behind = main.currentTime - video.currentTime;
      const pace = Math.abs(behind) < 0.5 / fps ? 1 : 1 + Math.min(Math.max(behind, -0.2), 0.2);
      if (video.playbackRate !== main.playbackRate * pace) video.playbackRate = main.playbackRate * pace;
    }
    align(0.3);
  }

  /** Both videos to a time, in seconds. */
  function jump(seconds) {
    const end = clock()?.duration || 0;
    const at = Math.min(Math.max(seconds, 0), end);
    usable().forEach((each) => { each.video.currentTime = Math.min(at, each.video.duration || at); });
    paint();
  }

  /** To the middle of another frame, where no rounding can land on its neighbour. */
  function step(by) {
    const main = clock();
    if (!main) return;
    pause();
    jump((Math.floor(main.currentTime * fps + 1e-6) + by + 0.5) / fps);
  }

  async function fetchMask() {
    if (!showMask.box.checked || mask || !shown?.media[description.mask]) return;
    const id = shown.id;
    try {
      const buffer = await (await ask(`/api/mask/${encodeURIComponent(id)}`)).arrayBuffer();
      if (shown.id !== id) return;
      const [frames, height, width] = new Uint32Array(buffer, 0, 3);
      mask = { frames, height, width, bits: new Uint8Array(buffer, 12) };
      paint();
    } catch (error) {
      showMask.label.title = error.message;
      showMask.box.checked = false;
      showMask.box.disabled = true;
    }
  }

  function paint() {
    const main = clock();
    if (!main) { time.textContent = ""; return; }
    if (document.activeElement !== seek || !main.paused) seek.value = String(main.currentTime);
    const frame = Math.floor(main.currentTime * fps + 1e-6);
    time.textContent = `${main.currentTime.toFixed(2)} s · frame ${frame}`;
    seek.setAttribute("aria-valuetext", time.textContent);
    for (const panel of panels) drawOverlay(panel, frame);
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
    if (showMask.box.checked && mask) drawMask(pen, size, Math.min(frame, mask.frames - 1));
    if (showBoxes.box.checked && panel === leader) drawBoxes(pen, size, frame, ratio);
  }

  function drawMask(pen, size, frame) {
    const { width, height, bits } = mask;
    const start = frame * Math.ceil((width * height) / 8);
    const small = new OffscreenCanvas(width, height);
    const picture = new ImageData(width, height);
    const isIn = (x, y) => {
      const at = y * width + x;
      return (bits[start + (at >> 3)] >> (7 - (at & 7))) & 1;
    };
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const inside = isIn(x, y);
        const isEdge = inside && (!x || !y || x === width - 1 || y === height - 1
          || !isIn(x - 1, y) || !isIn(x + 1, y) || !isIn(x, y - 1) || !isIn(x, y + 1));
        // As on the contact sheet: pale outside, with a line around what is kept.
        picture.data.set(isEdge ? [0, 214, 143, 255] : inside ? [0, 0, 0, 0] : [255, 255, 255, 150], (y * width + x) * 4);
      }
    }
    small.getContext("2d").putImageData(picture, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(small, 0, 0, size.width, size.height);
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

  // Nobody sees a page in another tab: its videos would play on, decoded for nothing.
  document.addEventListener("visibilitychange", () => { if (document.hidden) pause(); });
  play.addEventListener("click", toggle);
  back.addEventListener("click", () => step(-1));
  forth.addEventListener("click", () => step(1));
  seek.addEventListener("input", () => jump(Number(seek.value)));
  speed.addEventListener("change", () => panels.forEach((each) => { each.video.playbackRate = Number(speed.value); }));
  return { element, show, toggle, step, jump, repaint: paint };
}
