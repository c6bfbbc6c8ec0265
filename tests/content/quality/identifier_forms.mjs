// What the makers of identifiers share, and the table that they fill.
import {weighted} from './check_digits.mjs';
import {digits, upper} from './sample.mjs';

export const two = (number) => String(number).padStart(2, '0');
export const born = (c) => ({yy: two(c.between(45, 99)), mm: two(c.between(1, 12)), dd: two(c.between(1, 28))});
export const first = (c, n) => c.pick('123456789') + c.digits(n - 1);
export const alnum = upper + digits;
export const until = (make) => {
  for (;;) {
    const made = make();
    if (made) return made;
  }
};
export const mod11 = (text, weights, c = 11) => (c - (weighted(text, weights) % 11));
// A body and its check, drawn again while the check is no digit.
export const drawn = (c, body, check) => until(() => {
  const text = body(c);
  const digit = check(text);
  return digit >= 0 && digit < 10 && text + digit;
});
const groups = (...sizes) => (text) => {
  let at = 0;
  return sizes.map((size) => text.slice(at, (at += size)));
};
export const spaced = (...sizes) => (text) => groups(...sizes)(text).join(' ');
export const dashed = (...sizes) => (text) => groups(...sizes)(text).join('-');
export const shaped = (pattern) => (text) => {
  let i = 0;
  return pattern.replace(/#/g, () => text[i++] ?? '');
};

// kind: [names, make, ...other ways to write it]; the last character is the check unless `at` says otherwise.
export const kinds = {};
