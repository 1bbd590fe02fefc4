// Videos as one: a clock, a seek bar, frame steps. The first of them leads, the others follow.

import { make } from "./dom.js";

const SPEEDS = [0.25, 0.5, 1, 2];

/**
 * @param videos gives the videos that can be played, the leading one first; may be other ones each time.
 * @param fps gives the frames a second.
 * @param paint is told the number of the frame whenever another one is seen; null where there is nothing to play.
 */
export function makeSync({ videos, fps, paint }) {
  const play = make("button", { type: "button", "aria-label": "Play", title: "Space" }, "▶");
  const back = make("button", { type: "button", "aria-label": "One frame back", title: "," }, "‹");
  const forth = make("button", { type: "button", "aria-label": "One frame on", title: "." }, "›");
  const seek = make("input.seek", { type: "range", min: "0", max: "1", step: "any", value: "0", "aria-label": "Time" });
  const time = make("output.time", {}, "0.00 s");
  const speed = make("select", { "aria-label": "Speed" }, ...SPEEDS.map((each) => make("option", { value: String(each) }, `${each}×`)));
  speed.value = "1";
  const loop = make("input", { type: "checkbox", checked: true, id: "loop" });
  let followed = null; // the clock, while its next frame is waited for
  const clock = () => videos()[0];

  function setPlaying(isPlaying) {
    play.textContent = isPlaying ? "❚❚" : "▶";
    play.setAttribute("aria-label", isPlaying ? "Pause" : "Play");
  }

  async function toggle() {
    const main = clock();
    if (!main) return;
    if (main.paused) {
      if (main.ended) jump(0);
      await Promise.allSettled(videos().map((each) => each.play()));
      follow();
    } else pause();
  }

  function pause() {
    videos().forEach((each) => each.pause());
    if (clock()) align(0.5 / fps());
    setPlaying(false);
  }

  /** The other videos to the clock's time, where they are further away; a seek costs a decoder some frames, so one at a time. */
  function align(apart) {
    const main = clock();
    for (const video of videos()) {
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
      repaint();
      follow();
    });
  }

  /** A drift is walked off by speed where it is small: seeks in a row would keep a slow machine from ever playing. */
  function catchUp() {
    const main = clock();
    for (const video of videos()) {
      if (video === main) continue;
      const behind = main.currentTime - video.currentTime;
      const pace = Math.abs(behind) < 0.5 / fps() ? 1 : 1 + Math.min(Math.max(behind, -0.2), 0.2);
      if (video.playbackRate !== main.playbackRate * pace) video.playbackRate = main.playbackRate * pace;
    }
    align(0.3);
  }

  /** All videos to a time, in seconds. */
  function jump(seconds) {
    const end = clock()?.duration || 0;
    const at = Math.min(Math.max(seconds, 0), end);
    videos().forEach((each) => { each.currentTime = Math.min(at, each.duration || at); });
    repaint();
  }

  /** To the middle of a frame, where no rounding can land on its neighbour. */
  function show(number) { jump((number + 0.5) / fps()); }

  function step(by) {
    const main = clock();
    if (!main) return;
    pause();
    show(Math.floor(main.currentTime * fps() + 1e-6) + by);
  }

  function repaint() {
    const main = clock();
    if (!main) { time.textContent = ""; paint(null); return; }
    if (document.activeElement !== seek || !main.paused) seek.value = String(main.currentTime);
    const frame = Math.floor(main.currentTime * fps() + 1e-6);
    time.textContent = `${main.currentTime.toFixed(2)} s · frame ${frame}`;
    seek.setAttribute("aria-valuetext", time.textContent);
    paint(frame);
  }

  /** Take a video in, once. */
  function add(video) {
    video.addEventListener("loadedmetadata", () => {
      video.playbackRate = Number(speed.value);
      seek.max = String(clock()?.duration || 1);
      repaint();
    });
    video.addEventListener("seeked", () => repaint());
    video.addEventListener("ended", () => {
      if (video !== clock()) return;
      if (!loop.checked) { pause(); repaint(); return; }
      jump(0);
      videos().forEach((each) => each.play().catch(() => setPlaying(false)));
      follow();
    });
  }

  /** Other clips are shown from now on. */
  function restart() {
    seek.value = "0";
    setPlaying(false);
  }

  /** Nothing can be played, or something can. */
  function enable() { for (const each of [play, back, forth, seek]) each.disabled = videos().length === 0; }

  // Nobody sees a page in another tab: its videos would play on, decoded for nothing.
  document.addEventListener("visibilitychange", () => { if (document.hidden) pause(); });
  play.addEventListener("click", toggle);
  back.addEventListener("click", () => step(-1));
  forth.addEventListener("click", () => step(1));
  seek.addEventListener("input", () => jump(Number(seek.value)));
  speed.addEventListener("change", () => videos().forEach((each) => { each.playbackRate = Number(speed.value); }));
  return {
    bar: make("div.seekbar", {}, play, back, forth, seek, time),
    options: [make("label", {}, "speed ", speed), make("label", {}, loop, "loop")],
    add, restart, enable, toggle, pause, jump, show, step, repaint,
  };
}
