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
