import fc from 'fast-check';
import { expect, test } from 'vitest';
import { masked } from './mask.ts';

test.each([
  [
    '{"buyer_logon_id":"zhangsan@example.com","total_amount":"12.50"}',
    '{"buyer_logon_id":"****.com","total_amount":"12.50"}',
  ],
  ['{"buyer_logon_id":"138****0000"}', '{"buyer_logon_id":"138****0000"}'],
  ['{"payer":{"openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}}', '{"payer":{"openid":"****eS6o"}}'],
  ['buyer_id=2088102146225135&trade_no=202611212200141135', 'buyer_id=****5135&trade_no=202611212200141135'],
  ['打电话给 13800138000，或写信给 li.min@example.com', '打电话给 138****8000，或写信给 l***@example.com'],
  ['seller 2088102146225135', 'seller 2088****5135'],
  ['subscriber oUpF8uMuAJO_M2pxb1Q9zNjWeS6o', 'subscriber ****eS6o'],
  ['-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY----- after', '**** after'],
  [
    'M0VA2611212024120002N7PQN1 4200002661202611212024120001',
    'M0VA2611212024120002N7PQN1 4200002661202611212024120001',
  ],
])('%s is kept as %s', (text, kept) => {
  expect(masked(text)).toBe(kept);
});

test('a long text is masked in a time that grows with its length alone', () => {
  const cost = (length: number) => {
    const texts = [
      'a'.repeat(length),
      'a@'.repeat(length / 2),
      'a.'.repeat(length / 2),
      'a@a.a+'.repeat(length / 6),
    ];
    const before = process.cpuUsage();
    for (const text of texts) expect(masked(`${text} li.min@example.com`)).toContain('l***@example.com');
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  cost(4_000);
  // A quadratic search would need minutes for the long ones.
  expect(cost(400_000)).toBeLessThan(2_000_000);
});

test('an address is masked as one expression would mask it', () => {
  const email = /([\w.+-])[\w.+-]*@([\w-]+(?:\.[\w-]+)+)/g;
  const pieces = fc.array(fc.constantFrom('a', 'bc', '@', '@', '.', '-', '+', ' ', '"', '拿'), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(pieces, (parts) => {
      const text = parts.join('');
      expect(masked(text)).toBe(text.replace(email, '$1***@$2'));
    }),
    { numRuns: 2_000 },
  );
});

test('what is masked stays as it is when it is masked again', () => {
  const parts = fc.constantFrom(
    '"openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"',
    '"buyer_id":"2088102146225135"',
    '13800138000',
    'a.b@example.com',
    'buyer_logon_id=abcdefgh@x.cn',
    '2088102146225135',
    ' ',
    '&',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(parts, fc.string({ maxLength: 4 })), { maxLength: 8 }), (pieces) => {
      const once = masked(pieces.join(' '));
      expect(masked(once)).toBe(once);
    }),
  );
});
