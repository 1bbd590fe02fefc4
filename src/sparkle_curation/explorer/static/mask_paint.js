// Masks over a picture: pixels of one bit, larger than they are.

export const RERUN = [0, 214, 143]; // that of the contact sheet's masks
export const RELEASED = [224, 64, 208];
const PALE = [255, 255, 255, 150];
const CLEAR = [0, 0, 0, 0];

/** A mask as the server sends it: frames, height, width, then a bit a pixel, each frame from a byte of its own. */
export function unpackMask(buffer) {
  const [frames, height, width] = new Uint32Array(buffer, 0, 3);
  return { frames, height, width, bits: new Uint8Array(buffer, 12) };
}

/** Whether a pixel is in a mask's frame, and whether it is at its edge: 0 outside, 1 inside, 2 at the edge. */
function reader(mask, frame) {
  const { width, height, bits } = mask;
  const start = Math.min(frame, mask.frames - 1) * Math.ceil((width * height) / 8);
  const isIn = (x, y) => {
    const at = y * width + x;
    return (bits[start + (at >> 3)] >> (7 - (at & 7))) & 1;
  };
  return (x, y) => {
    if (!isIn(x, y)) return 0;
    return !x || !y || x === width - 1 || y === height - 1
      || !isIn(x - 1, y) || !isIn(x + 1, y) || !isIn(x, y - 1) || !isIn(x, y + 1) ? 2 : 1;
  };
}

function paint(pen, size, { width, height }, colourOf) {
  const small = new OffscreenCanvas(width, height);
  const picture = new ImageData(width, height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) picture.data.set(colourOf(x, y), (y * width + x) * 4);
  }
  small.getContext("2d").putImageData(picture, 0, 0);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(small, 0, 0, size.width, size.height);
}

/** One mask, as on the contact sheet: pale outside, with a line around what is kept. */
export function paintMask(pen, size, mask, frame, line = RERUN) {
  const read = reader(mask, frame);
  const colours = [PALE, CLEAR, [...line, 255]];
  paint(pen, size, mask, (x, y) => colours[read(x, y)]);
}

/** Two masks of one size as lines; where these meet, white. */
export function paintBoth(pen, size, rerun, released, frame) {
  const [one, other] = [reader(rerun, frame), reader(released, frame)];
  paint(pen, size, rerun, (x, y) => {
    const [mine, theirs] = [one(x, y), other(x, y)];
    if (mine === 2 && theirs === 2) return [255, 255, 255, 255];
    if (mine === 2) return [...RERUN, 255];
    return theirs === 2 ? [...RELEASED, 255] : CLEAR;
  });
}

/** What one of two masks has and the other lacks; all else is pale, and what both have less so. */
export function paintDifference(pen, size, rerun, released, frame) {
  const [one, other] = [reader(rerun, frame), reader(released, frame)];
  paint(pen, size, rerun, (x, y) => {
    const [mine, theirs] = [one(x, y) > 0, other(x, y) > 0];
    if (mine === theirs) return mine ? [255, 255, 255, 90] : [255, 255, 255, 190];
    return mine ? [...RERUN, 230] : [...RELEASED, 230];
  });
}
