// Formatting of numbers, counts, times and ids. Numbers have the format of `number_format.py`.

const LARGE = 7; // exponents of ten from here on, and below SMALL, are written as exponents
const SMALL = -4;
const DIGITS = 15; // significant digits of a number
const ROUNDING = 1e-9; // of the width of an interval; a smaller end is 0

const plain = (exponent) => exponent >= SMALL && exponent < LARGE;
const exponentOf = (value, digits) => Number(value.toExponential(digits - 1).split("e")[1]);
const scientific = (value, decimals) => value.toExponential(decimals).replace(/e([+-])(\d)$/, "e$10$2");

// Decimals below 0 round to tens, hundreds and so on. Zero has no sign.
function fixed(value, decimals) {
  const unit = 10 ** -decimals;
  const text = decimals < 0 ? String(Math.round(value / unit) * unit) : value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text;
}

// A number without an interval: two decimals from 1, one from 100, none from 1000, three significant digits below 1.
export function number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return "0";
  const exponent = exponentOf(value, 3);
  if (!plain(exponent)) return scientific(value, 2);
  return fixed(value, exponent < 0 ? 2 - exponent : Math.max(0, Math.min(2, 3 - exponent)));
}

// A measured value: whole numbers without decimals.
export const amount = (value) => (Number.isInteger(value) && Math.abs(value) < 10 ** LARGE ? String(value) : number(value));

// The label of a tick, which has few digits.
export function tickLabel(value) {
  return value === 0 || plain(exponentOf(value, 3)) ? String(Number(value.toPrecision(6))) : scientific(value, 1);
}

// A number of an estimate, with two significant digits of the half-width of its interval.
export function numberInInterval(value, low, high, estimate = value) {
  if (low === null || high === null || low === undefined || high === undefined) return number(value);
  const width = high / 2 - low / 2;
  const largest = Math.max(Math.abs(low), Math.abs(high), Math.abs(estimate));
  if (!(width > 0 && width <= largest && largest < Infinity)) return number(value);
  const top = exponentOf(largest, 2);
  const decimals = Math.min(1 - exponentOf(width, 2), DIGITS - 1 - top);
  if (plain(top) || (top >= LARGE && top < DIGITS && decimals > -LARGE + 2)) return fixed(value, decimals);
  return value === 0 ? "0" : scientific(value, Math.max(decimals + top, 1));
}

// An end of an interval. Only an end of 0, or one that differs from 0 by rounding error, is shown as 0.
function end(value, low, high, mean) {
  const text = numberInInterval(value, low, high, mean);
  if (Number(text) !== 0 || Math.abs(value) <= ROUNDING * (high - low)) return text;
  const exponent = exponentOf(value, 1);
  return plain(exponent) ? fixed(value, Math.max(-exponent, 0)) : scientific(value, 0);
}

// The 95 % interval of a mean in words, such as "18.5 to 19.8", or the reason why there is none.
export function interval({ mean, low, high, reason }) {
  if (low === null || high === null) return reason ? `no interval: ${reason}` : "";
  return `${end(low, low, high, mean)} to ${end(high, low, high, mean)}`;
}

export const count = (value, one, many = `${one}s`) => `${value.toLocaleString("en")} ${value === 1 ? one : many}`;

export function duration(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${seconds < 10 ? seconds.toFixed(1) : whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function ago(epoch) {
  const seconds = Math.max(Date.now() / 1000 - epoch, 0);
  if (seconds < 10) return "just now";
  if (seconds < 60) return `${Math.round(seconds)} s ago`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86400)} d ago`;
}

export const spaced = (name) => name.replaceAll("_", " ");

// Short id of an agent within its experiment: g003-a017 for quickstart-g003-a017.
export const short = (agent) => agent.match(/g\d+-a\d+$/)?.[0] ?? agent.match(/[^-]+$/)[0];
