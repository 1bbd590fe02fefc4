// Elements made in one line. Text goes in as text, whatever it looks like.

/** An element: `make("p.note", {title: "x"}, "text", child)`. */
export function make(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element && typeof value !== "string") element[key] = value;
    else if (value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter((each) => each !== null && each !== undefined && each !== ""));
  return element;
}

export const number = new Intl.NumberFormat("en");

/** `+3`, `−3`, or an empty text for none. */
export function signed(value) {
  return value === 0 ? "" : `${value > 0 ? "+" : "−"}${number.format(Math.abs(value))}`;
}

/** A score with two decimals, or as many more as it takes to stand on its side of a bound. */
export function beside(value, bound) {
  for (let places = 2; places < 18; places += 1) {
    const text = value.toFixed(places);
    if ((Number(text) < bound) === (value < bound) && (Number(text) > bound) === (value > bound)) return text;
  }
  return String(value);
}

/** A box for a number, and beside it what is wrong with what somebody typed: that is told, and nothing else changes.
 *  `set` takes the number; undefined for an empty box, where that may be (`isNeeded`: where it may not). */
export function numberBox(attributes, { low = -Infinity, high = Infinity, isWhole = false, isNeeded = false }, set) {
  const box = make("input.exact", { type: "number", step: isWhole ? "1" : "any", ...attributes });
  const fault = make("small.failed", { role: "alert", hidden: true });
  const ends = [Number.isFinite(low) && `from ${low}`, Number.isFinite(high) ? `to ${high}` : Number.isFinite(low) && "up"].filter(Boolean);
  const allowed = [isWhole ? "a whole number" : "a number", ...ends].join(" ");
  box.addEventListener("change", () => {
    const isEmpty = box.value === "" && !box.validity.badInput;
    const value = Number(box.value);
    const isGood = isEmpty ? !isNeeded : box.value !== "" && value >= low && value <= high && (!isWhole || Number.isInteger(value));
    fault.hidden = isGood;
    fault.textContent = isGood ? "" : `${box.value || (isEmpty ? "nothing" : "that")} is not allowed: ${allowed}`;
    box.setAttribute("aria-invalid", String(!isGood));
    if (isGood) set(isEmpty ? undefined : value);
  });
  return { box, fault };
}

/** A name of the tables as people read it. */
export function words(name) {
  return name.replaceAll("_", " ").replace("frame0", "frame 0");
}

/** The answer of the server, or an error with what it said and its status. What writes carries the token of this start. */
export async function ask(address, options = {}) {
  let response;
  const headers = options.method === "POST" ? { "X-Explorer-Token": sessionStorage.getItem("token") ?? "" } : {};
  try {
    response = await fetch(address, { ...options, headers });
  } catch {
    throw new Error("The explorer does not answer any more. Start it again: kedro explore");
  }
  if (!response.ok) throw Object.assign(new Error((await response.text()) || response.statusText), { status: response.status });
  return response;
}

export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
