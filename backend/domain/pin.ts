const DIGITS = '01234567890';
/** Dates and words in digits that many people take: 520 is “I love you”, 8 is luck. */
const POPULAR = [
  '1122',
  '1212',
  '1314',
  '5201314',
  '520520',
  '112233',
  '123123',
  '168168',
  '147258',
  '159357',
];

/** Whether a PIN is one of the first that anybody would try: one digit, a run, a pair repeated, or a popular one. */
export function isTooSimple(pin: string): boolean {
  const isRun = DIGITS.includes(pin) || DIGITS.includes([...pin].reverse().join(''));
  const isRepeated = /^(\d{1,2})\1+$/.test(pin);
  return isRun || isRepeated || POPULAR.includes(pin);
}
