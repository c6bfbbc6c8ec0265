// The arithmetic of check digits, written from the public descriptions and apart from the program under test.

export const luhnDigit = (body) => {
  let sum = 0;
  [...body].reverse().forEach((digit, i) => {
    const value = i % 2 === 0 ? 2 * digit : +digit;
    sum += value > 9 ? value - 9 : value;
  });
  return String((10 - (sum % 10)) % 10);
};
export const withLuhn = (body) => body + luhnDigit(body);

export const dot = (body, weights) => weights.reduce((sum, weight, i) => sum + weight * Number(body[i]), 0);

/** Letters as 10 to 35, then the rest by `modulus`. */
export const rest = (text, modulus) => {
  const written = [...text].map((c) => (c >= '0' && c <= '9' ? c : String(c.charCodeAt(0) - 55))).join('');
  return Number(BigInt(written) % BigInt(modulus));
};

export const iso1110 = (body) => {
  let product = 10;
  for (const digit of body) {
    const sum = (Number(digit) + product) % 10 || 10;
    product = (2 * sum) % 11;
  }
  return String((11 - product) % 10);
};

const turns = [
  '0123456789', '1234067895', '2340178956', '3401289567', '4012395678',
  '5987604321', '6598710432', '7659821043', '8765932104', '9876543210',
];
const permutations = ['0123456789'];
for (let i = 1; i < 8; ++i) permutations.push([...permutations[i - 1]].map((d) => '1576283094'[d]).join(''));
export const verhoeffDigit = (body) => {
  for (let last = 0; last < 10; ++last) {
    let check = 0;
    [...(body + last)].reverse().forEach((digit, i) => {
      check = Number(turns[check][Number(permutations[i % 8][digit])]);
    });
    if (check === 0) return String(last);
  }
  throw new Error('no digit');
};

/** Tries again until `make` gives something. */
export const until = (make) => {
  for (let i = 0; i < 100000; ++i) {
    const made = make();
    if (made !== undefined) return made;
  }
  throw new Error('nothing fits');
};

/** Groups of the given sizes with separators: grouped('123456782', '3 3 3'). */
export const grouped = (text, layout) => {
  let at = 0;
  return layout.replace(/\d+/g, (size) => {
    at += Number(size);
    return text.slice(at - Number(size), at);
  });
};
