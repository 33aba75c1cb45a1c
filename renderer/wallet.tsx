import type { Channel } from '../contract/trade.ts';
import { useWords } from './i18n/index.ts';

/** A wallet's mark: its colour and a sign of its own, so that colour is never alone. */
export function WalletMark({ channel }: { channel: Channel }) {
  return (
    <svg className={`mark mark-${channel}`} viewBox="0 0 24 24" aria-hidden="true">
      <rect width="24" height="24" rx="6" className="mark-field" />
      {channel === 'alipay' ? (
        <path
          d="M5.5 7.5h13M12 4.5v6M7 10.7h10c-1 4.3-4.400 7.500-10.500 8.300M8.500 12.500c2.500 1.300 6 3 9.500 6.200"
          className="mark-line"
        />
      ) : (
        <path
          d="M9.700 5C6.500 5 4 7 4 9.600c0 1.500.8 2.700 2.100 3.600l-.5 1.800 2.100-1.100c.6.2 1.300.3 2 .3.200 0 .4 0 .6 0a4.600 4.600 0 0 1-.2-1.300c0-2.600 2.400-4.500 5.300-4.500h.5C15.300 6.400 12.800 5 9.700 5Zm5.700 4.400c-2.600 0-4.600 1.700-4.600 3.800s2 3.800 4.600 3.800c.6 0 1.100-.1 1.600-.2l1.700.9-.4-1.500c1.100-.7 1.700-1.800 1.700-3 0-2.100-2-3.800-4.600-3.800Z"
          className="mark-fill"
        />
      )}
    </svg>
  );
}

export function WalletName({ channel }: { channel: Channel }) {
  const { t } = useWords();
  return (
    <span className="wallet">
      <WalletMark channel={channel} />
      <span>{t(`wallet.${channel}`)}</span>
    </span>
  );
}
