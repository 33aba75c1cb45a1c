import { expect, test } from 'vitest';
import { notificationId } from './notification-id.ts';

const id = (channel: 'alipay' | 'wechat' | 'wechat_v2', body: string, till = 'a') =>
  notificationId(till, channel, Buffer.from(body));

test('a retry of Alipay is known by its notify_id, whatever else differs', () => {
  const first = id('alipay', 'notify_time=1&notify_id=2026abc&total_amount=1.00');
  expect(id('alipay', 'notify_id=2026abc&notify_time=2')).toBe(first);
  expect(id('alipay', 'notify_id=2026abd&notify_time=2')).not.toBe(first);
});

test('a retry of WeChat is known by its id', () => {
  const first = id('wechat', '{"id":"EV-1","create_time":"x"}');
  expect(id('wechat', '{ "create_time":"y", "id" : "EV-1"}')).toBe(first);
  expect(id('wechat', '{"id":"EV-2"}')).not.toBe(first);
});

test('tills and channels do not share ids', () => {
  const body = '{"id":"EV-1"}';
  expect(id('wechat', body, 'b')).not.toBe(id('wechat', body, 'a'));
  expect(id('alipay', body)).not.toBe(id('wechat', body));
});

test.each<[string, 'alipay' | 'wechat' | 'wechat_v2', string, string]>([
  ['no id', 'wechat', '{"a":1}', '{"a":2}'],
  ['an id that is no text', 'wechat', '{"id":{"x":1}}', '{"id":{"x":2}}'],
  ['an empty id', 'wechat', '{"id":"","a":1}', '{"id":"","a":2}'],
  ['an endless id', 'wechat', `{"id":"${'x'.repeat(300)}","a":1}`, `{"id":"${'x'.repeat(300)}","a":2}`],
  ['no JSON', 'wechat', '{"id":"EV-1"', '{"id":"EV-1",'],
  ['a bare null', 'wechat', 'null', 'null '],
  ['an id given twice', 'alipay', 'notify_id=1&notify_id=1&a=1', 'notify_id=1&notify_id=1&a=2'],
  ['XML', 'wechat_v2', '<xml><a>1</a></xml>', '<xml><a>2</a></xml>'],
])('with %s the bytes name it', (_, channel, one, other) => {
  expect(id(channel, one)).toBe(id(channel, one));
  expect(id(channel, one)).not.toBe(id(channel, other));
});

test('deep nesting neither crashes nor hangs it', () => {
  const deep = '['.repeat(65_000);
  expect(id('wechat', deep)).toBe(id('wechat', deep));
});
